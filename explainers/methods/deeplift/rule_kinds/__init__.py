"""The four kinds of rule: a rule says one thing, such as its slope, and its kind does the rest.

Each kind serves Rescale, which sends one multiplier back, and RevealCancel, which carries the parts
Δ⁺ and Δ⁻ forward and a multiplier for each back (sections 3.4 and 3.5 of arXiv:1704.02685). All
are complete: what goes back is worth, on the differences of the inputs, what came in is worth on
the differences of the outputs.
"""
