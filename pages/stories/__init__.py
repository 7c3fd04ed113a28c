"""Finished comparisons for a meeting."""
