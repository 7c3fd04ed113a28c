"""How sure a number is: what it might have been, its interval, its rank, who is among the first."""
