"""Where tasks run: the protocol of a backend, and the local one."""
