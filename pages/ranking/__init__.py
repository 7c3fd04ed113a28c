"""Which inputs matter over a whole data set: the question, and what stands of its answer."""
