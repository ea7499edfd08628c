"""Asks the model: one turn, many at once, or awaited. Needs no notebook."""
