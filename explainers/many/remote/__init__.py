"""Files of object stores: which URLs are taken, and their files asked as those of a disk are."""
