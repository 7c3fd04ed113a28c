"""The same question of many inputs: streamed, kept shard by shard, resumed wherever it ended."""
