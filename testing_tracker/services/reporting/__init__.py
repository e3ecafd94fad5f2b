"""Reports: what leaves as paper or figures, and what has become of it since."""
