"""The nightly draw: taking back what a wrong clock made."""
