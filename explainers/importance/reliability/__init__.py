"""What must be known before the numbers are believed: of the data, the network, the methods."""
