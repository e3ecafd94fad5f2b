"""What leaves as paper or as figures."""
