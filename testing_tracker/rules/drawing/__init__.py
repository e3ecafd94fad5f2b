"""The nightly draw: when it needs a person's word to go on."""
