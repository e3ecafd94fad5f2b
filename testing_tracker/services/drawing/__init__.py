"""Draws: the night that makes them, and the end of a day."""
