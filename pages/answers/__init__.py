"""Finished explanations on the pages, and the checks of them."""
