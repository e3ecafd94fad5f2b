"""A participant asks by telephone or at the desk, is told what the day asks, and that is on record with its receipt."""
