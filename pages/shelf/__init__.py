"""What was computed in this visit and before: kept when it is there, listed, compared, reported."""
