"""How maps, letters, proofs and charts are drawn in the browser."""
