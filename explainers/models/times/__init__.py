"""What a point costs, found by trying: said before it is asked."""
