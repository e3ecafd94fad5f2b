"""Specimens, results and what a draw says, as pure functions."""
