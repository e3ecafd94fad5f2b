"""A facility's testing rule and what it is worth."""
