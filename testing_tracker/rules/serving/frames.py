"""What a command and the server of a database say to each other over a socket: frames of byte strings.

A frame is the length of its content in four bytes, the highest first, and the content: byte strings with a zero byte
between them. The first is the word of its kind. Nothing in it is evaluated, and a zero byte can stand in no argument,
path or variable.

What stays so in every version, so that any two understand each other's refusal: this form; that the first frame of a
client is `run` with the number of its protocol behind it; and that `refused` has a sentence for a person behind it.

Imports nothing: a command that only asks a server waits for every import.
"""

PROTOCOL = 1
LENGTH = 4  # bytes before each frame
MOST = 4 * 1024 * 1024  # bytes in a frame; a system lets a command line have 2 MiB
MOST_OF_SERVER = 64 * 1024  # bytes in a frame that a server sends
STREAMS = 3  # standard input, output and error: what a client hands over before the channel for files

# Of a client.
RUN, SIGNAL = b"run", b"signal"
# Of a server.
BEGUN, NOTE, REFUSED, ENDED, KILLED, STOPPED = b"begun", b"note", b"refused", b"ended", b"killed", b"stopped"


class FrameError(ValueError):
    """What arrived is no frame, or not one that can stand there; its text says why, for a person."""


def framed(*parts: bytes) -> bytes:
    """A frame of byte strings. Raises FrameError for one that is too long, or has a zero byte in a part."""
    if any(b"\0" in part for part in parts):
        raise FrameError("a zero byte cannot be sent")
    content = b"\0".join(parts)
    if not 0 < len(content) <= MOST:
        raise FrameError("what was typed is too long to be sent" if content else "there is nothing to be sent")
    return len(content).to_bytes(LENGTH, "big") + content


class Frames:
    """Takes bytes as they arrive, in whatever pieces, and gives whole frames. Holds no more than one frame."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held = bytearray()

    def take(self, data: bytes) -> list[list[bytes]]:
        """The frames that are whole with these bytes, as their parts. Raises FrameError for a length out of bounds."""
        self._held += data
        found = []
        while len(self._held) >= LENGTH:
            length = int.from_bytes(self._held[:LENGTH], "big")
            if not 0 < length <= self._most:
                raise FrameError("what arrived has an impossible length")
            if len(self._held) < LENGTH + length:
                break
            found.append(bytes(self._held[LENGTH : LENGTH + length]).split(b"\0"))
            del self._held[: LENGTH + length]
        return found

    @property
    def is_between(self) -> bool:
        """Whether nothing of a further frame has arrived."""
        return not self._held


class Asked:
    """A command line that a client has for a server, with all that it needs of where it was typed.

    `called` is the name by which the program was called, `encodings` are those of the arguments, standard input, output
    and error, `given` says which of the three streams are open, such as `012`. `variables` are those that are kept, by
    name. With `since`, in seconds since 1970 by the server's clock, it only asks what is on record from then on.
    """

    __slots__ = ("arguments", "called", "encodings", "folder", "given", "since", "variables")

    def __init__(
        self,
        called: bytes,
        arguments: list[bytes],
        folder: bytes,
        variables: dict[bytes, bytes],
        encodings: list[bytes],
        given: bytes,
        since: int = 0,
    ) -> None:
        self.called = called
        self.arguments = arguments
        self.folder = folder
        self.variables = variables
        self.encodings = encodings
        self.given = given
        self.since = since

    def frame(self) -> bytes:
        """The first frame of a client."""
        variables = [name + b"=" + value for name, value in self.variables.items()]
        counted = [len(self.encodings), len(variables), len(self.arguments)]
        return framed(
            RUN,
            *_numbers([PROTOCOL, self.since]),
            self.given,
            self.called,
            self.folder,
            *_numbers(counted),
            *self.encodings,
            *variables,
            *self.arguments,
        )


_HEAD = 9  # parts of a first frame before those that are counted


def asked_in(parts: list[bytes]) -> Asked:
    """What a client's first frame asks for; of its variables only those that may be sent.

    Raises FrameError for another protocol, and for what is no such frame.
    """
    if parts[0] != RUN:
        raise FrameError("what arrived does not begin with a command")
    number = whole_number(parts[1]) if len(parts) > 1 else 0
    if number != PROTOCOL:
        older = "client is older" if number < PROTOCOL else "server is older"
        raise FrameError(
            f"the {older} than the other (protocol {number} and {PROTOCOL}): update testing-tracker, and have the "
            "server restarted"
        )
    if len(parts) < _HEAD:
        raise FrameError("what arrived is no whole command")
    given, called, folder = parts[3:6]
    counts = [whole_number(part) for part in parts[6:_HEAD]]
    if len(parts) != _HEAD + sum(counts) or counts[0] != STREAMS + 1:
        raise FrameError("what arrived is no whole command")
    if given not in _OPEN or not folder.startswith(b"/"):
        raise FrameError("what arrived is no whole command")
    encodings, variables = parts[_HEAD : _HEAD + counts[0]], parts[_HEAD + counts[0] : _HEAD + counts[0] + counts[1]]
    named = {name: value for name, _, value in (one.partition(b"=") for one in variables) if is_kept(name)}
    return Asked(called, parts[len(parts) - counts[2] :], folder, named, encodings, given, whole_number(parts[2]))


_OPEN = [
    b"".join(name for number, name in enumerate((b"0", b"1", b"2")) if chosen >> number & 1) for chosen in range(8)
]

KEPT = (  # of the variables of who types: what says how to print, which facility and which day
    b"TERM",
    b"COLORTERM",
    b"COLUMNS",
    b"LINES",
    b"NO_COLOR",
    b"LANG",
    b"COMP_WORDS",
    b"COMP_CWORD",
    b"TESTING_TRACKER_FACILITY",
    b"TESTING_TRACKER_TODAY",
)


def is_kept(name: bytes) -> bool:
    """Whether a variable is sent, and taken; none that names a file, a database or a host is."""
    return name in KEPT or name.startswith(b"LC_") or (name.startswith(b"_") and name.endswith(b"_COMPLETE"))


def whole_number(part: bytes) -> int:
    """A whole number of at most twelve digits. Raises FrameError for anything else."""
    if not part.isdigit() or len(part) > _DIGITS:
        raise FrameError("what arrived has no number where one belongs")
    return int(part)


_DIGITS = 12


def _numbers(numbers: list[int]) -> list[bytes]:
    return [b"%d" % number for number in numbers]
