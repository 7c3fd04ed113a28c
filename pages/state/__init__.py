"""What a visit holds: the address, jobs, uploads, the login."""
