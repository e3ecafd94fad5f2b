"""Draws, records and reports drug tests for addiction treatment programmes."""

__version__ = "0.2.0"
