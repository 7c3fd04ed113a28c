"""Networks that are trained anew with fewer inputs, many of them side by side."""
