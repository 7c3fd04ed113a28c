"""Words for people: sentences over charts, numbers, labels, and what checks mean."""
