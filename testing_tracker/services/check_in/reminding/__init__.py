"""Reminders to check in: where to, by whose consent, how far each is, and whose do not go through."""
