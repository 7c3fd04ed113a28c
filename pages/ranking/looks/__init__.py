"""Closer looks that ask the network more: plausibility, receipts, curves, interactions, units."""
