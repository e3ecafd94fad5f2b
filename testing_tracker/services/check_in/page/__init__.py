"""What goes to the page on which participants check in, and what of it comes on record."""
