"""Networks and weights from files: one module or folder a format."""
