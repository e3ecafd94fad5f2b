"""Where a connection leaves a machine without being encrypted; a real server's is in test_server_beside."""

from types import SimpleNamespace

import pytest

from testing_tracker.store.server import way


@pytest.mark.parametrize(
    "address", ["", None, "/var/run/postgresql", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
)
def test_what_stays_within_the_machine(address):
    assert not way.leaves(address)


@pytest.mark.parametrize("address", ["10.0.0.5", "192.168.1.2", "fe80::1%eth0", "2001:db8::1", "::ffff:10.0.0.5"])
def test_what_leaves_it(address):
    assert way.leaves(address)


def connected(answers: str, *, tls: bool, client: str | None, server: str | None, encrypted: bool, mode: str = ""):
    """A connection to whoever `answers`, and the one by which the server was asked."""
    parameters = {"sslmode": mode} if mode else {}
    info = SimpleNamespace(hostaddr=answers, get_parameters=lambda: parameters)
    driver = SimpleNamespace(info=info, pgconn=SimpleNamespace(ssl_in_use=tls))
    row = SimpleNamespace(one=lambda: (client, server, encrypted))
    return SimpleNamespace(exec_driver_sql=lambda _: row, connection=SimpleNamespace(driver_connection=driver))


OUR, POOLER, SERVER = "10.0.0.2", "10.0.0.5", "10.0.0.9"


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        (connected(SERVER, tls=False, client=OUR, server=SERVER, encrypted=False), f"without TLS to {SERVER}"),
        (connected(SERVER, tls=True, client=OUR, server=SERVER, encrypted=True), None),
        # by Kerberos
        (connected(SERVER, tls=False, client=OUR, server=SERVER, encrypted=True), None),
        # a pooler, which asks over a socket, over loopback, and over the network
        (connected(POOLER, tls=False, client=None, server=None, encrypted=False), f"without TLS to {POOLER}"),
        (connected(POOLER, tls=True, client=None, server=None, encrypted=False), None),
        (
            connected(POOLER, tls=False, client="127.0.0.1", server="127.0.0.1", encrypted=False),
            f"without TLS to {POOLER}",
        ),
        (connected(POOLER, tls=False, client=POOLER, server=SERVER, encrypted=True), f"without TLS to {POOLER}"),
        (
            connected(POOLER, tls=True, client=POOLER, server=SERVER, encrypted=False),
            f"without TLS from {POOLER}, which asks for you, to the server",
        ),
        (
            connected("", tls=False, client=POOLER, server=SERVER, encrypted=False),
            f"without TLS from {POOLER}, which asks for you, to the server",
        ),
        (connected("127.0.0.1", tls=False, client="127.0.0.1", server="127.0.0.1", encrypted=False), None),
        (connected("", tls=False, client=None, server=None, encrypted=False), None),
    ],
)
def test_either_part_of_the_way_is_looked_at(connection, said):
    assert way.open_to_others(connection) == said


@pytest.mark.parametrize(
    ("mode", "trusts"), [("", True), ("prefer", True), ("require", True), ("verify-ca", False), ("verify-full", False)]
)
def test_who_answers_is_made_sure_of(mode, trusts):
    far = connected(SERVER, tls=True, client=OUR, server=SERVER, encrypted=True, mode=mode)
    assert way.trusts_whoever_answers(far) == trusts
    near = connected("127.0.0.1", tls=True, client="127.0.0.1", server="127.0.0.1", encrypted=True, mode=mode)
    assert not way.trusts_whoever_answers(near)
