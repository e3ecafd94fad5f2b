"""What check-in came to over many days at once, for the reports."""
