"""Who checks in, what they are told, and what that makes of a draw nobody gave a specimen for."""
