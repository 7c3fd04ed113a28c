"""The formulas, from answers of a function to indices: they know no model and no data."""
