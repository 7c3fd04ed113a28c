"""A model as it runs: what it holds and changes, how it behaves, how its errors are said."""
