"""Parts of long runs answered by the workers of a Dask cluster; what lies in the store counts."""
