"""Files of DNA: records of text, and one-hot arrays."""
