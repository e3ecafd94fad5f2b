"""A command whose database has a server: it asks that server, and is its hands and eyes where it was typed.

Nothing here imports more than it has to: what a nurse waits for is mostly Python importing.
"""
