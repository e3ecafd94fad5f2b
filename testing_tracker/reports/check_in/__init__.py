"""What checking in needs on paper."""
