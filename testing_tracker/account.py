"""The one place that says who is acting: the operating-system account behind the process."""

import getpass
import os

_acted_for: str | None = None


def current_account() -> str:
    """The account's name as the operating system knows it, or `uid N` for an account without a name.

    The user id is asked first: the environment variables that `getpass` reads can be set to anything.
    """
    if _acted_for is not None:
        return _acted_for
    try:
        user_id = os.getuid()
    except AttributeError:  # Windows has no user ids
        return getpass.getuser()
    return account_of(user_id)


def account_of(user_id: int) -> str:
    """The name of the account with that number, or `uid N` where it has none."""
    import pwd

    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"uid {user_id}"


def act_for(account: str) -> None:
    """Act for another account from now on: a server's process, for whoever asked it. It can be said once."""
    global _acted_for
    assert _acted_for is None, "a process acts for one account"
    _acted_for = account
