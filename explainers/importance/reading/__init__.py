"""What was given: the rows and the truth beside them, checked."""
