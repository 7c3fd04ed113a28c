"""The report: one page that opens anywhere, holds all that was said, and can be checked."""
