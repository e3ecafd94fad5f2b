"""What keeps the program sound: what is stuck, what is owed, and the acts that the audit table knows."""
