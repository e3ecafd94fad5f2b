"""A participant's own record."""
