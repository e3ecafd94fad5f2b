"""Who is here, and by what code, as pure functions."""
