"""The questions that can be asked: one file a task."""
