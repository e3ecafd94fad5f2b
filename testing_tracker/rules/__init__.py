"""The clinic's rules as pure functions and values: no clock, no database, no command line."""
