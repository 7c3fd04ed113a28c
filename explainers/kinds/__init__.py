"""What an input is: one module a kind."""
