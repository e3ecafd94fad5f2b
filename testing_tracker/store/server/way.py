"""The way to a server: whether somebody between can read, or change, what goes over it.

Both parts of it are looked at, from this machine to whoever answers, and from whoever asks the server to it: a pooler
may stand between. What stays within a machine, over a Unix socket or a loopback address, is fine as it is.
"""

from ipaddress import IPv6Address, ip_address
from typing import Any

from sqlalchemy import Connection

REMEDY = "end the URL with `?sslmode=verify-full`, and write `hostssl` for `host` in the server's pg_hba.conf"

_AS_THE_SERVER_HAS_IT = """
    SELECT host(inet_client_addr()), host(inet_server_addr()),
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
        OR coalesce((SELECT encrypted FROM pg_stat_gssapi WHERE pid = pg_backend_pid()), false)
"""


def open_to_others(connection: Connection) -> str | None:
    """Where a connection leaves a machine without being encrypted, in words; None where it does not."""
    client, server, is_encrypted = connection.exec_driver_sql(_AS_THE_SERVER_HAS_IT).one()
    driver: Any = connection.connection.driver_connection
    answers = driver.info.hostaddr
    is_pooled = leaves(answers) and (server is None or not _same(answers, server))
    if leaves(answers) and not driver.pgconn.ssl_in_use and (is_pooled or not is_encrypted):
        return f"without TLS to {answers}"
    if leaves(client) and not is_encrypted:
        return f"without TLS from {client}, which asks for you, to the server"
    return None


def trusts_whoever_answers(connection: Connection) -> bool:
    """Whether a connection that leaves this machine makes sure of no more than that it is encrypted."""
    driver: Any = connection.connection.driver_connection
    mode = driver.info.get_parameters().get("sslmode", "prefer")
    return leaves(driver.info.hostaddr) and mode not in ("verify-full", "verify-ca")


def leaves(address: str | None) -> bool:
    """Whether what goes to an address may leave this machine; what is no address is a Unix socket."""
    if not address or address.startswith(("/", "@")):
        return False
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not found.is_loopback


def _same(one: str, other: str) -> bool:
    return ip_address(one.partition("%")[0]) == ip_address(other.partition("%")[0])
