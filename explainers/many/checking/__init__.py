"""Checks of each map of a run."""
