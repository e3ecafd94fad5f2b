"""A command line that is asked of a server, from its first word to the status that it leaves with."""

import _signal  # type: ignore[import-not-found]  # without the enums of signal, which would be waited for
import os
import sys
import time

from testing_tracker.client.talk import AskedCommand, HowItEnded, is_in_front, print_error
from testing_tracker.client.trust import DistrustedError
from testing_tracker.client.wanted import is_completed, mended_variables
from testing_tracker.rules.serving import frames
from testing_tracker.rules.serving.frames import Asked, FrameError

_SECONDS_TO_ASK_AGAIN = 8  # a server that was killed is started again by then
_STREAM_NAMES = ("stdin", "stdout", "stderr")
_REFUSED = 1
_LOOK = "Look with `due` or `participant show` before you repeat it."


def ask(path: str) -> None:
    """Have this process's command line done by the server at a socket, and leave as it ended."""
    try:
        asked = _asked()
        conversation = AskedCommand(path, asked)
        ended = conversation.hold()
    except DistrustedError as error:
        _refuse(str(error))
    except FrameError as error:
        said = f"{error}"
        _refuse(f"{said[0].upper()}{said[1:]}. Nothing was done.")
    except OSError as error:
        _refuse(f"{error.strerror}. Nothing was done.")
    if ended.refused:
        _refuse(ended.refused)
    if ended.status is not None:
        os._exit(ended.status)
    if ended.signal and (ended.signal == conversation.asked_to_end or ended.signal == _signal.SIGPIPE):
        _die_of(ended.signal)
    if not ended.began:
        _refuse("The server ended before it began with this. Nothing was done; try again.")
    _say_what_is_on_record(path, asked, ended)


def _asked() -> Asked:
    """All that the server needs of this process."""
    streams = [getattr(sys, name) for name in _STREAM_NAMES]
    encodings = [sys.getfilesystemencoding(), *(stream.encoding if stream else "utf-8" for stream in streams)]
    given = [b"%d" % number for number, stream in enumerate(streams) if stream is not None and _is_open(number)]
    if b"0" in given and not is_in_front():
        # In the background a command that reads is stopped by its terminal; one of another session would not be.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    variables = {name: value for name, value in os.environb.items() if frames.is_kept(name)}
    variables |= {name.encode(): os.fsencode(value) for name, value in mended_variables(os.environ).items()}
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    called = _name_called()
    return Asked(called.encode(), arguments, _folder(), variables, [one.encode() for one in encodings], b"".join(given))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _name_called() -> str:
    """The name that the program's own sentences call it by."""
    name = os.path.basename(sys.argv[0])
    return "python -m testing_tracker" if name == "__main__.py" else name


def _folder() -> bytes:
    try:
        return os.getcwdb()
    except OSError:
        return b"/"  # it was removed; nothing can be opened in it either


def _say_what_is_on_record(path: str, asked: Asked, ended: HowItEnded) -> None:
    """A command that was killed, or whose server was: the account's acts since it was begun."""
    gone = f"was ended by signal {ended.signal}" if ended.signal else "was lost with its server"
    print_error("Error", f"The command {gone}. What is on record of it:")
    asked.since, asked.arguments = ended.began, asked.arguments
    asked.given = asked.given.replace(b"0", b"").replace(b"1", b"")
    until = time.monotonic() + _SECONDS_TO_ASK_AGAIN
    while time.monotonic() < until:
        try:
            told = AskedCommand(path, asked).hold()
        except (DistrustedError, OSError):
            time.sleep(0.25)
            continue
        if told.status in (0, _REFUSED):  # it was told, or why not
            os._exit(_REFUSED)
        if told.signal:
            _die_of(told.signal)
        break
    print_error("Error", f"It is not known: no server answers at {path}. {_LOOK}")
    os._exit(_REFUSED)


def _refuse(text: str) -> None:
    if not is_completed(os.environ):
        print_error("Error", text)
    os._exit(_REFUSED)


def _die_of(number: int) -> None:
    """End by a signal, as the command did, so that a shell or a script sees the same."""
    _signal.signal(number, _signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)
