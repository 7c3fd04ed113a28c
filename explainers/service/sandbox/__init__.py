"""What shuts processes in: seccomp, Landlock, limits, and the processes that fork them."""
