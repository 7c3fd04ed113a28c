"""Files of pictures: how their numbers are read in full, and which number is white."""
