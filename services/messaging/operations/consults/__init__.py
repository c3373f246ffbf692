"""Treatment by message: the catalogue, the form, a provider chosen, their plan, and every way out."""
