"""What `--help` and the manual page say, and how: examples, variables, files; folded between words at any width."""
