"""Encryption of a database's file: its key, where that is kept, and the library that reads and writes with it."""
