"""Charts and pictures of a run over many inputs."""
