"""What is a server's alone: who may do what there."""
