"""What a server does with a database while it has it: it says so beside it, and has SQLite keep it for many."""
