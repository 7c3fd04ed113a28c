"""What shuts processes in: seccomp, Landlock, limits, and the fork servers that they come from."""
