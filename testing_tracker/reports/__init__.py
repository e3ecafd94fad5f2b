"""Reports on the records: each gathered from the database once, said in words once, and written out in many forms."""
