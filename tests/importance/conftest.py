"""Its folder is where the folders below find the functions and networks that they share."""
