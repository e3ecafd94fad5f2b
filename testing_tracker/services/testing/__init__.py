"""Specimens and results: what was collected, what it said, and correcting either."""
