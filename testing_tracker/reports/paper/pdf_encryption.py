"""Encrypts a pdf, for reports that leave the facility."""

from io import BytesIO


def encrypted(pdf: bytes, passphrase: str) -> bytes:
    """The same pdf with AES-256 (ISO 32000-2), to be opened with the passphrase only."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    writer.encrypt(user_password=passphrase, algorithm="AES-256")
    written = BytesIO()
    writer.write(written)
    return written.getvalue()
