"""Networks that torch does not run here: each in a sandboxed process of its own."""
