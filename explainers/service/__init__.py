"""Where work runs: tasks, backends, the worker, its sandbox, and what is kept."""
