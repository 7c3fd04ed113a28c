"""The report of a run over many inputs: one file, of one size however many there were."""
