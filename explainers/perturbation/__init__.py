"""Regions of an input, and how they are replaced: shared by all perturbation methods and proofs."""
