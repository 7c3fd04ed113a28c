"""Reading files of inputs: text with fields, arrays, Parquet, and what their cells hold."""
