"""Decisions: what a clinician is shown, what was decided, and what has become of its grounds."""
