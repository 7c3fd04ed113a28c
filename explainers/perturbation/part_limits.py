"""Where computing only what a change reaches may pay; without torch, as prices need it, too."""

LARGEST_BOX = 0.5
"""Of an input, above which a change is no part of it."""
WORTH_IT = 0.5
"""Seconds that plain passes would take in all, below which nothing is tried."""
