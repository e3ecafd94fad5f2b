"""The server of a database: a process that has everything loaded, and forks for every command it is asked for."""
