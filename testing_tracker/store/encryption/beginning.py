"""How an encrypted file begins, and the file of its key. Imports nothing.

An encrypted file begins with sixteen bytes that are not: SQLCipher's salt. Ours begin with a mark by which the file is
known, then chance, then what only the right key gives of it. So a wrong key is told from a damaged file. The salt need
not be secret, and with a key that is no passphrase it does not have to slow anybody down
(https://www.zetetic.net/sqlcipher/sqlcipher-api/#key).
"""

BEGINNING_BYTES = 16
PLAIN_BEGINNING = b"SQLite format 3\0"
MARK = b"\x89TT\x01"  # no text begins so, and no other kind of file that is known
DATABASE_BEGINNINGS = (PLAIN_BEGINNING, MARK)

ENCRYPTION_VARIABLE = "TESTING_TRACKER_ENCRYPTION_KEY"  # says where the key is
ENCRYPTION_HEADING = """\
# The encryption key of a testing_tracker database. Without it the database and its backups cannot be read by anybody.
# Keep it apart from them, and keep a copy in another safe place. The line: the key, and what shows a slip in it.
"""


def is_encrypted_beginning(beginning: bytes) -> bool:
    """Whether a file that begins so is an encrypted database."""
    return beginning.startswith(MARK)
