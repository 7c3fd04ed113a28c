"""Charts of time series."""
