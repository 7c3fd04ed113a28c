"""The table of importance without torch, for pages: kept, read again, and what it is sure of."""
