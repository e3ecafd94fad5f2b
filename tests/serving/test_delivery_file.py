"""The delivery file: what it may say, and that every mistake is told without telling a secret."""

from pathlib import Path

import pytest

from testing_tracker.rules.serving.delivery_file import (
    Deliveries,
    DeliveryFileError,
    FolderDelivery,
    MailDelivery,
    read_deliveries,
)
from testing_tracker.rules.words import Channel

FOLDER = Path("/clinic")
SECRETS = {FOLDER / "password.txt": "from-a-file\n", FOLDER / "long.txt": "correct horse battery\r\n"}
MAIL = """\
[mail]
host = "mail.clinic.example"
tls = "starttls"
from = "tracker@clinic.example"
to = ["doctor@clinic.example"]
"""


def secret_in(path):
    if path not in SECRETS:
        raise ValueError(f"{path} is not there")
    return SECRETS[path]


def read(text):
    return read_deliveries(text, "clinic.db.delivery.toml", FOLDER, secret_in)


def problems(text):
    with pytest.raises(DeliveryFileError) as raised:
        read(text)
    assert all(problem.startswith("clinic.db.delivery.toml: ") for problem in raised.value.problems)
    return [problem.removeprefix("clinic.db.delivery.toml: ") for problem in raised.value.problems]


def test_an_empty_file_delivers_nothing():
    assert read("") == Deliveries()
    assert read("").channels == ()


def test_a_folder_gets_pdf_and_json():
    assert read('[folder]\npath = "/reports"') == Deliveries(FolderDelivery(Path("/reports"), ("pdf", "json")))


def test_a_path_starts_where_the_file_is():
    assert read('[folder]\npath = "reports"').folder == FolderDelivery(FOLDER / "reports", ("pdf", "json"))


def test_reminders_are_mailed_only_where_that_is_asked_for():
    assert read(MAIL).mail.reminders is False
    assert read(f"{MAIL}reminders = true").mail.reminders is True
    assert problems(f"{MAIL}reminders = 1") == ["mail.reminders: must be true or false"]


@pytest.mark.parametrize(("tls", "port"), [("tls", 465), ("starttls", 587)])
def test_mail_has_the_usual_port_and_a_pdf(tls, port):
    found = read(MAIL.replace("starttls", tls))
    assert found.channels == (Channel.MAIL,)
    assert found.mail == MailDelivery(
        host="mail.clinic.example",
        port=port,
        starttls=tls == "starttls",
        sender="tracker@clinic.example",
        to=("doctor@clinic.example",),
        forms=("pdf",),
    )


def test_secrets_may_stand_in_files_of_their_own():
    more = 'user = "u"\npassword_file = "password.txt"\n[pdf]\npassphrase_file = "long.txt"\n'
    found = read(MAIL + more)
    assert found.mail.password == "from-a-file"
    assert found.passphrase == "correct horse battery"


def test_secrets_are_not_in_what_a_traceback_would_show():
    found = read(MAIL + 'user = "u"\npassword = "hush-hush"\n[pdf]\npassphrase = "correct horse battery"\n')
    assert "hush" not in repr(found)
    assert "horse" not in repr(found)


def test_with_a_passphrase_everything_that_leaves_is_a_pdf():
    found = read('[folder]\npath = "/reports"\n[pdf]\npassphrase = "correct horse battery"')
    assert found.folder.forms == ("pdf",)


def test_serve_with_reports_keeps_its_folder_and_the_mail():
    found = read(f'[folder]\npath = "/elsewhere"\n{MAIL}').to_reports_folder(Path("/reports"))
    assert found.folder == FolderDelivery(Path("/reports"), ("table", "json"), refilled=True)
    assert found.mail == read(MAIL).mail


def test_serve_with_reports_writes_nothing_that_a_passphrase_should_protect():
    with pytest.raises(DeliveryFileError, match="passphrase does not encrypt"):
        read('[pdf]\npassphrase = "correct horse battery"').to_reports_folder(Path("/reports"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[folder", "not a TOML file (at end of document)"),
        ('[mail]\npassword = "hush-hush', "not a TOML file (at end of document)"),
        ("folder = 3", "folder: must be a table that begins with [folder]"),
        ("[fax]", "fax: unknown; a delivery file has [folder], [mail], [pdf]"),
        ("[folder]", "folder.path: missing; [folder] needs it"),
        ('[folder]\npath = ""', "folder.path: must be the path of a folder"),
        ('[folder]\npath = "/r"\nform = "pdf"', "folder.form: unknown; [folder] has path, forms"),
        ('[folder]\npath = "/r"\nforms = ["doc"]', "folder.forms: must be a list of different ones of table, csv"),
        ('[folder]\npath = "/r"\nforms = []', "folder.forms: must be a list"),
        (MAIL.replace('tls = "starttls"', 'tls = "none"'), 'mail.tls: must be "tls" or "starttls"'),
        (MAIL.replace('tls = "starttls"', "tls = false"), "a report is never mailed without"),
        (MAIL.replace('tls = "starttls"\n', ""), "mail.tls: missing; [mail] needs it"),
        (MAIL + "port = 0", "mail.port: must be a whole number from 1 to 65535"),
        (MAIL + "port = true", "mail.port: must be a whole number"),
        (MAIL + 'user = "u"', "mail.user: comes with password or password_file, or none of them"),
        (MAIL + 'password = "hush-hush"', "mail.user: comes with password"),
        (MAIL + 'user = "u"\npassword = "hüsh"', "mail.password: must be a text of ASCII characters"),
        (MAIL + 'user = "u"\npassword = "a"\npassword_file = "password.txt"', "remove one of the two"),
        (MAIL + 'user = "u"\npassword_file = "gone.txt"', "mail.password_file: /clinic/gone.txt is not there"),
        (MAIL.replace('["doctor@clinic.example"]', "[]"), "mail.to: must be a list of 1 to 20 different"),
        (MAIL.replace('["doctor@clinic.example"]', '["doctor"]'), "mail.to: must be a list"),
        (MAIL.replace('"doctor@clinic.example"', '"a@b.example", "A@b.example"'), "mail.to: must be a list"),
        (MAIL.replace("tracker@", "Tracker <t@"), "mail.from: must be one plain address"),
        (MAIL.replace("tracker@clinic.example", "a@b.example\\r\\nBcc: c@d.example"), "mail.from: must be one plain"),
        (MAIL.replace("mail.clinic.example", "smtp://mail"), "mail.host: must be the mail server's name"),
        ("[pdf]", "pdf.passphrase: missing"),
        ('[pdf]\npassphrase = "too short"', "pdf.passphrase: must be 12 to 127 ASCII characters"),
        ('[pdf]\npassphrase_file = "password.txt"', "pdf.passphrase_file: must hold 12 to 127 ASCII characters"),
        (
            MAIL + 'forms = ["pdf", "csv", "json"]\n[pdf]\npassphrase = "correct horse battery"',
            "mail.forms: only a pdf can be encrypted; leave out csv, json, or the passphrase",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_key_and_without_its_value(text, told):
    found = problems(text)
    assert any(told in problem for problem in found), found
    assert not any(secret in " ".join(found) for secret in ("hush", "hüsh", "too short", "horse", "from-a-file"))


def test_everything_that_is_wrong_is_told_at_once():
    assert len(problems('[fax]\n[folder]\n[mail]\nhost = "h"\ntls = "tls"\nport = "x"\n')) == 5


class TestTheWitness:
    """Where the nights' lines are kept outside."""

    def read(self, text: str):
        return read_deliveries(text, "clinic.db.delivery", FOLDER, secret_in).witness

    def test_a_folder_or_a_command(self):
        assert self.read('[witness]\nto = "/mnt/other"').folder == Path("/mnt/other")
        assert self.read('[witness]\nto = "beside"').folder == FOLDER / "beside"
        assert self.read('[witness]\nto = ["curl", "-T", "-", "x"]').command == ("curl", "-T", "-", "x")
        words = self.read('[witness]\nto = "ssh backup@host.example"').command
        assert words[:4] == ("ssh", "-o", "BatchMode=yes", "backup@host.example")
        assert len(words) == 5

    def test_it_is_no_channel_of_reports(self):
        deliveries = read_deliveries('[witness]\nto = "/mnt/other"', "file", FOLDER, secret_in)
        assert deliveries.channels == ()

    @pytest.mark.parametrize(
        "to",
        [
            '""',
            "5",
            "[]",
            '[""]',
            '["a", 1]',
            '"ssh"',
            '"ssh -p 22 host"',
            '"ssh -oProxyCommand=x"',
            '"ssh host; id"',
            '"ssh host id"',
            '"ssh a@-b"',
            '"ssh $(id)"',
        ],
    )
    def test_what_is_neither_is_refused(self, to):
        with pytest.raises(
            DeliveryFileError, match=r'witness\.to: must be the path of a folder, "ssh HOST" without options'
        ):
            self.read(f"[witness]\nto = {to}")

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ("", None),
            ('timestamp = "https://tsa.example/tsr"\ntimestamp_ca = "ca.pem"', None),
            ('timestamp = "https://tsa.example/tsr"', "comes with timestamp_ca"),
            ('timestamp_ca = "ca.pem"', "comes with timestamp_ca"),
            ('timestamp = "file:///etc/passwd"\ntimestamp_ca = "ca.pem"', "must be an address"),
            ('stamp = "x"', "witness.stamp: unknown"),
        ],
    )
    def test_time_stamps(self, more, said):
        text = f'[witness]\nto = "/mnt/other"\n{more}'
        if said is None:
            assert self.read(text).timestamp == ("https://tsa.example/tsr" if more else None)
            return
        with pytest.raises(DeliveryFileError, match=said):
            self.read(text)

    def test_a_command_is_given_no_time_stamps(self):
        with pytest.raises(DeliveryFileError, match="a command is given lines only"):
            self.read('[witness]\nto = ["cat"]\ntimestamp = "https://x.example"\ntimestamp_ca = "ca.pem"')
