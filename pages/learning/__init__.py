"""The Learn page: networks worked out by hand, axioms, an entry a method."""
