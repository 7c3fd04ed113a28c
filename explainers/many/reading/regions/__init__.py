"""Regions of a genome as inputs: a BED file names them, a FASTA file holds the letters."""
