"""What keeps a facility's records as they were known: its closed days, its name and its clock."""
