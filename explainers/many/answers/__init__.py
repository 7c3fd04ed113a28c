"""What a run tells of each input: its explanation, or only what the network answers."""
