"""Where work runs: the store, the worker process, and the queue before it."""
