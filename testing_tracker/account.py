"""The one place that says who is acting: the operating-system account behind the process."""

import getpass
import os


def current_account() -> str:
    """The account's name as the operating system knows it, or `uid N` for an account without a name.

    The user id is asked first: the environment variables that `getpass` reads can be set to anything.
    """
    try:
        import pwd
    except ImportError:  # Windows has no user ids
        return getpass.getuser()
    user_id = os.getuid()
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"uid {user_id}"
