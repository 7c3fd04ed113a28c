"""What a run says as a whole: counts, confidences, confusion, and mean maps a class."""
