"""What shows that a record was changed by anything but this program."""
