"""What comes from and goes to spreadsheets, as pure functions."""
