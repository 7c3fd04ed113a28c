"""Stories about which inputs matter over a whole data set, where the truth is known."""
