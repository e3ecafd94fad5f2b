"""The report of a month, a quarter or any other days: counts and times, and nobody by code."""
