"""What `python -m explainers` can do: explain files, and verify reports."""
