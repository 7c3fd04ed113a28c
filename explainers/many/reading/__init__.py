"""What a run reads: the files of a source, what is in them, and their inputs."""
