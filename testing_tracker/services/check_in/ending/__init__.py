"""What check-in makes of days that are over: their counts, the draws that end by it, and what is known of it since."""
