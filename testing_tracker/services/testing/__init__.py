"""Specimens and their results: what is recorded of them."""
