"""What is done with a specimen that was collected: results, and what they say together."""
