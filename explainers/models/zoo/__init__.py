"""Networks that come with Evident, or that it knows by name."""
