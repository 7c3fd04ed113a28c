"""Charts of what is inside a network."""
