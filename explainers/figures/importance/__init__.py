"""Charts of which inputs matter over a whole data set."""
