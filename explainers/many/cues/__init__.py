"""Whether a network answers by a cue: evidence of many pictures, moved elsewhere."""
