"""The records: tables, the engine, migrations and the audit table."""
