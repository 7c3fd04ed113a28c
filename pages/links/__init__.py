"""What a link may hold, and what a session knows of the link it was opened with."""
