"""A run's shards made by the workers of a Dask cluster; what lies in its folder is what counts."""
