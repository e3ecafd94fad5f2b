"""The outcome report."""
