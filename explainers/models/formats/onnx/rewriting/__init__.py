"""Graphs changed before they run: for any number of rows, with all inputs but one held fixed."""
