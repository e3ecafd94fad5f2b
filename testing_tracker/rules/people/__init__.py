"""People: who is here, by which code, and what of it can be corrected."""
