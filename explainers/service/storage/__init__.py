"""Answers and uploads on disk, and who owns what."""
