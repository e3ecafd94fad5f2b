"""Hands a message to a mail server over TLS, and says in plain words what kept it from being taken.

Nothing that a server says is repeated, because it may hold addresses; its three digits are.
"""

import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from threading import Timer
from typing import Any

from testing_tracker.rules.serving.delivery_file import MailDelivery

SECONDS_TO_ANSWER = 30.0
ANSWERS_IN_ALL = 10  # as many times as long as for one answer the whole may take

_TOO_LONG = "the mail server did not answer in time"
_NO_SUCH_NAME = "the mail server's name was not found"
_OK = (250, 251)  # RFC 5321, 4.2.3
_FOR_GOOD = 500
_HOSTNAME_MISMATCH, _EXPIRED = 62, 10  # X509_V_ERR_… of OpenSSL


class NotSentError(Exception):
    """The mail server has not taken the message; says why without addresses, names and passwords.

    `is_final`: it will not take it another time either (RFC 5321, 4.2.1).
    """

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


def send(mail: MailDelivery, message: EmailMessage, seconds: float = SECONDS_TO_ANSWER) -> None:
    """Hand over the message to be brought to everybody in `mail.to`, or to nobody where the server refuses one.

    Returns when the server has said that it has taken it. `seconds` is how long it may take over each answer, and ten
    times that over all: the night waits for it. Raises NotSentError.
    """
    content = message.as_bytes(policy=SMTP)
    with _InAll(seconds * ANSWERS_IN_ALL) as in_all:
        try:
            _send(mail, content, seconds, in_all)
        except NotSentError:
            if in_all.is_over:
                raise NotSentError(_TOO_LONG) from None
            raise


class _InAll:
    """Cuts off what lasts too long in all: a server that says a byte at a time takes too long over none of them."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._server: smtplib.SMTP | None = None
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_InAll":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, server: smtplib.SMTP) -> None:
        """What is to be cut off; there is nothing yet to cut before it is connected, and that has a time of its own."""
        self._server = server

    def _cut(self) -> None:
        line = self._server.sock if self._server is not None else None
        self.is_over = True
        if isinstance(line, socket.socket):
            with suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)  # of TLS too the line itself: whoever reads it ends


class _Watched(smtplib.SMTP):
    def __init__(self, in_all: _InAll, *args: Any, **named: Any) -> None:  # noqa: ANN401  as smtplib has them
        in_all.watch(self)
        super().__init__(*args, **named)


class _WatchedOverTLS(smtplib.SMTP_SSL):
    def __init__(self, in_all: _InAll, *args: Any, **named: Any) -> None:  # noqa: ANN401  as smtplib has them
        in_all.watch(self)
        super().__init__(*args, **named)


def _send(mail: MailDelivery, content: bytes, seconds: float, in_all: _InAll) -> None:
    try:
        server = _connected(mail, seconds, in_all)
        try:
            if mail.user is not None and mail.password is not None:
                server.login(mail.user, mail.password)
            _hand_over(server, mail, content)
            _quit(server)
        finally:
            server.close()
    except UnicodeError:
        raise NotSentError(_NO_SUCH_NAME) from None
    except (OSError, smtplib.SMTPException) as error:  # ssl's errors are OSErrors
        raise NotSentError(_why_not_sent(error)) from None


def _connected(mail: MailDelivery, seconds: float, in_all: _InAll) -> smtplib.SMTP:
    context = _tls_context(mail)
    # The name that a client gives itself. The machine's own would tell too much, and may take long to find.
    name = mail.sender.rpartition("@")[2]
    if not mail.starttls:
        return _WatchedOverTLS(in_all, mail.host, mail.port, local_hostname=name, timeout=seconds, context=context)
    server = _Watched(in_all, mail.host, mail.port, local_hostname=name, timeout=seconds)
    try:
        server.starttls(context=context)
    except smtplib.SMTPNotSupportedError:
        server.close()
        raise NotSentError("the mail server offers no STARTTLS; nothing was sent") from None
    except BaseException:
        server.close()
        raise
    return server


def _tls_context(mail: MailDelivery) -> ssl.SSLContext:
    """Checks the server's certificate and name: against the clinic's own authority where it has one."""
    try:
        return ssl.create_default_context(cafile=mail.ca_file)
    except OSError as error:
        why = "holds no certificates" if isinstance(error, ssl.SSLError) else f"cannot be read: {error.strerror}"
        raise NotSentError(f"the file of mail.ca_file {why}") from None


def _hand_over(server: smtplib.SMTP, mail: MailDelivery, content: bytes) -> None:
    server.ehlo_or_helo_if_needed()
    code, _ = server.mail(mail.sender)
    if code not in _OK:
        raise NotSentError(f"the mail server refused the sender ({code})")
    answers = [server.rcpt(recipient)[0] for recipient in mail.to]
    refused = sorted({code for code in answers if code not in _OK})
    if refused:
        count = sum(code not in _OK for code in answers)
        codes = ", ".join(map(str, refused))
        why = f"the mail server refused {count} of {len(answers)} recipients ({codes}); nobody got it"
        raise NotSentError(why, is_final=min(refused) >= _FOR_GOOD)
    code, _ = server.data(content)
    if code not in _OK:
        raise NotSentError(f"the mail server refused the message ({code})", is_final=code >= _FOR_GOOD)


def _quit(server: smtplib.SMTP) -> None:
    """The message is taken by now, whatever comes of this."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        return


def _why_not_sent(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refused the user and password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the mail server takes no user and password"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        # smtplib says so of a silent server as well.
        cause = error.__context__
        return _why_not_sent(cause) if isinstance(cause, TimeoutError) else "the mail server closed the connection"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered with an error ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPException):
        return "the mail server does not speak as this program expects"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate {_certificate_problem(error)}; nothing was sent"
    if isinstance(error, ssl.SSLError):
        return "no TLS with the mail server; see whether mail.tls and mail.port fit each other"
    if isinstance(error, TimeoutError):
        return _TOO_LONG
    if isinstance(error, socket.gaierror):
        return _NO_SUCH_NAME
    return f"no connection with the mail server ({(error.strerror or type(error).__name__).lower()})"


def _certificate_problem(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _HOSTNAME_MISMATCH:
        return "is for another name than mail.host"
    if error.verify_code == _EXPIRED:
        return "has expired"
    return "is not from an authority that is trusted here; mail.ca_file names a clinic's own"
