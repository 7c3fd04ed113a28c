"""Graphs changed before they run: any number of rows, inputs held, no loops and no texts."""
