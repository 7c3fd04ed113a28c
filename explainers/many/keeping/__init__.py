"""What a run keeps in its folder: what it was asked, its shards, and where it is."""
