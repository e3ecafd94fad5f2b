"""The board of the day as lines, as text, and as `today` prints it."""
