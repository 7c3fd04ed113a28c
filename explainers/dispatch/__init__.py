"""Every operation that PyTorch is asked for, met one by one as an unmodified model runs."""
