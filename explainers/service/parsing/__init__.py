"""Reading uploads, each in a sandboxed process of its own."""
