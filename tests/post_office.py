"""A real mail server on this machine, with certificates of its own, that asks for a user and a password."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "reports", "open-sesame-7"
SENDER, DOCTOR, DIRECTOR = "tracker@clinic.example", "doctor@clinic.example", "director@clinic.example"
LONG_AGO, FAR_OFF = datetime.datetime(2001, 1, 1), datetime.datetime(2099, 1, 1)  # noqa: DTZ001  certificates are in UTC


def make_certificates(folder: Path, *, name: str = "localhost", until: datetime.datetime = FAR_OFF) -> Path:
    """An authority, and a server's certificate by it: `ca.pem`, `server.pem` and `server.key`."""
    folder.mkdir(exist_ok=True)
    ca_key, ca_name = ec.generate_private_key(ec.SECP256R1()), _named("The clinic's authority")
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        _certificate(ca_name, ca_name, ca_key.public_key(), FAR_OFF)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(name), *([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))] if name == "localhost" else [])]
    server = (
        _certificate(_named(name), ca_name, key.public_key(), until)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(subject, issuer, public_key, until):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(LONG_AGO)
        .not_valid_after(until)
    )


@dataclass
class PostOffice:
    """The server, as it is told to behave. `envelopes` are the messages that it has taken."""

    certificates: Path
    starttls: bool
    port: int = 0
    refused: set[str] = field(default_factory=set)  # recipients
    answer: str = "250 taken"  # to a message
    seconds: float = 0.0  # that it thinks about a message
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    offered: list[EmailMessage] = field(default_factory=list)  # messages that it was given, taken or not
    _controller: Controller | None = None

    def open(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates / "server.pem", self.certificates / "server.key")
        self.port = self.port or free_port()
        if self.starttls:
            tls = {"tls_context": context, "require_starttls": True}
        else:
            tls = {"ssl_context": context, "auth_require_tls": False}  # aiosmtpd knows TLS only from STARTTLS
        self._controller = Controller(
            self, hostname="localhost", port=self.port, authenticator=self._log_in, auth_required=True, **tls
        )
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def messages(self) -> list[EmailMessage]:
        return [_read(envelope) for envelope in self.envelopes]

    def _log_in(self, _server, _session, _envelope, _mechanism, auth_data):
        assert isinstance(auth_data, LoginPassword)
        good = (auth_data.login, auth_data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(good)
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address in self.refused:
            return f"550 5.1.1 <{address}> is nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        self.offered.append(_read(envelope))
        await asyncio.sleep(self.seconds)
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
        return self.answer


def _read(envelope: Envelope) -> EmailMessage:
    return message_from_bytes(envelope.original_content, policy=policy.default)


def free_port() -> int:
    with socket.create_server(("localhost", 0)) as found:
        return found.getsockname()[1]
