"""Files of time series: how they lie, gaps in them, and the formats of the archives."""
