"""A message goes to a mail server over TLS that can be trusted, or it goes nowhere, and the reason is told."""

import socket
import ssl
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from threading import Thread

import post_office
import pytest
from aiosmtpd.controller import Controller
from post_office import DOCTOR, PASSWORD, SENDER, USER, PostOffice

from testing_tracker.rules.serving.delivery_file import MailDelivery
from testing_tracker.serving import mail

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def letter_to(office, **values):
    return replace(
        MailDelivery(
            host="localhost",
            port=office.port,
            starttls=office.starttls,
            sender=SENDER,
            to=(DOCTOR,),
            forms=("pdf",),
            ca_file=office.certificates / "ca.pem",
            user=USER,
            password=PASSWORD,
        ),
        **values,
    )


def why_not(delivery, seconds=10.0):
    message = EmailMessage()
    message.set_content("Hello.")
    with pytest.raises(mail.NotSentError) as raised:
        mail.send(delivery, message, seconds)
    return str(raised.value)


def test_a_certificate_for_another_name_is_not_trusted(tmp_path):
    office = PostOffice(post_office.make_certificates(tmp_path, name="elsewhere.example"), starttls=True)
    office.open()
    assert "is for another name than mail.host" in why_not(letter_to(office))
    office.close()
    assert office.logins == []


def test_a_certificate_that_has_expired_is_not_trusted(tmp_path):
    certificates = post_office.make_certificates(tmp_path, until=datetime(2020, 1, 1))  # noqa: DTZ001
    office = PostOffice(certificates, starttls=True)
    office.open()
    assert "has expired" in why_not(letter_to(office))
    office.close()


@pytest.mark.parametrize("starttls", [True, False])
def test_a_server_that_says_nothing_is_given_up(certificates, starttls):
    with socket.create_server(("localhost", 0)) as silent:
        office = PostOffice(certificates, starttls=starttls, port=silent.getsockname()[1])
        assert why_not(letter_to(office), seconds=0.3) == "the mail server did not answer in time"


@pytest.mark.parametrize("starttls", [True, False])
def test_a_server_that_says_a_byte_at_a_time_is_given_up_as_well(certificates, starttls):
    """It never takes too long over an answer, and would hold up the night for ever."""
    with socket.create_server(("localhost", 0)) as slow:
        office = PostOffice(certificates, starttls=starttls, port=slow.getsockname()[1])

        def talk() -> None:
            line, _ = slow.accept()
            with suppress(OSError):
                if not starttls:
                    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
                    line = context.wrap_socket(line, server_side=True)
                while True:
                    line.sendall(b"220-wait\r\n")
                    time.sleep(0.05)
            line.close()

        talking = Thread(target=talk)
        talking.start()
        began = time.monotonic()
        assert why_not(letter_to(office), seconds=0.2) == "the mail server did not answer in time"
        assert time.monotonic() - began < 10
        talking.join()


def test_a_server_that_thinks_too_long_about_a_message_is_given_up(office):
    office.seconds = 2
    assert why_not(letter_to(office), seconds=0.5) == "the mail server did not answer in time"


def test_a_server_without_tls_gets_no_password(certificates):
    office = PostOffice(certificates, starttls=True, port=0)
    plain = Controller(office, hostname="localhost", port=post_office.free_port())
    plain.start()
    office.port = plain.port
    assert why_not(letter_to(office)) == "the mail server offers no STARTTLS; nothing was sent"
    assert "no TLS with the mail server" in why_not(letter_to(office, starttls=False))
    plain.stop()
    assert office.offered == []


def test_what_is_no_mail_server_is_told(certificates):
    with socket.create_server(("localhost", 0)) as other:
        other.settimeout(10)
        office = PostOffice(certificates, starttls=True, port=other.getsockname()[1])

        def hang_up():
            connection, _ = other.accept()
            connection.close()

        thread = Thread(target=hang_up)
        thread.start()
        assert why_not(letter_to(office)) in (
            "the mail server closed the connection",
            "no connection with the mail server (connection reset by peer)",
        )
        thread.join()


def test_a_file_without_certificates_is_no_authority(office, tmp_path):
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing\n")
    assert why_not(letter_to(office, ca_file=empty)) == "the file of mail.ca_file holds no certificates"
