"""The page on which participants check in: a process of its own, which knows almost nothing."""
