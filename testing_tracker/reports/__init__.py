"""Reports on the records: a module that gathers one from the database, and one that writes it out as text."""
