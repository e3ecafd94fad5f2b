"""What comes from spreadsheets and laboratories, and goes to them."""
