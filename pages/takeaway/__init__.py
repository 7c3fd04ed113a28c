"""Taking away what is of more than one explanation: comparisons, stories, tables of importance."""
