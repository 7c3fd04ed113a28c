"""Importance over a whole data set."""
