"""What `python -m explainers` can do: explain files, one or many, and verify reports."""
