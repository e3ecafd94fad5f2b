"""What a facility's days are: closed ones, and the clock that they go by."""
