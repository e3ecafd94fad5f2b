"""What stands around the commands, for `--help` and the manual page: what is typed, variables, files, exit statuses.

`tests/cli/test_help.py` looks through the program for variables that are missing here.
"""

from testing_tracker.rules.said import CAN_BE_SAID

TYPED = {
    "CODE": "A participant's code at the facility, in capital or small letters; never a name.",
    "DATE": (
        f"{CAN_BE_SAID}. A weekday is the last or the next one, as the command looks back or ahead; what could be two "
        "days is refused with both."
    ),
    "TIME": "09:05, 905 or 9:05am, by the facility's clock.",
    "WEEK": "2026-W47, 47, this or last; it begins on Monday.",
    "ANALYTE": "What a test looks for, as people call it: cocaine, coc. `testing-tracker analyte list` has them all.",
    "ID": "A number that a list shows, or the label of a specimen.",
}

VARIABLES = {  # each in a few words for the help, and what else the manual page says of it
    "TESTING_TRACKER_DATABASE": (
        "The database, where --database does not say it.",
        "A file path, a sqlite:/// or postgresql:// URL, or unix:PATH, the socket where `serve --socket` answers.",
    ),
    "TESTING_TRACKER_FACILITY": (
        "The facility, where --facility does not say it.",
        "Its name or number; needed only where the database has several.",
    ),
    "TESTING_TRACKER_TODAY": (
        "The day, where --today does not say it.",
        "Only a training database takes it; a live one refuses every command while it is set.",
    ),
    "TESTING_TRACKER_KEY_FILE": (
        "The file with the key of the draws.",
        "Default: the database's name with .key behind it; for a database on a server, in the user data folder.",
    ),
    "TESTING_TRACKER_ENCRYPTION_KEY": (
        "Where an encrypted database's key is.",
        "file:PATH, such as a stick's, not in the database's folder and of mode 600; credential:NAME, systemd's; or "
        "keyring:NAME, the operating system's. `init --encrypted` makes the key.",
    ),
    "TESTING_TRACKER_ANALYTES": (
        "The facility's own analytes, a .toml file.",
        "Default: the database's name with .analytes.toml behind it. It need not be there.",
    ),
    "TESTING_TRACKER_DELIVERY": (
        "Where reports go, a .toml file.",
        "Default: the database's name with .delivery.toml behind it. It may hold a password: one that others can read "
        "is refused.",
    ),
    "TESTING_TRACKER_WEB": (
        "The file of the check-in page.",
        "Default: the database's name with .web behind it. Put it into a folder of its own where the page runs in an "
        "account of its own.",
    ),
    "TESTING_TRACKER_CHECKIN": (
        "How participants check in, a .toml file.",
        "Default: the database's name with .checkin.toml behind it. It need not be there; it may name secrets: one "
        "that others can read is refused.",
    ),
    "TESTING_TRACKER_LONGEST_GAP": (
        "Nights without a run before one asks.",
        "As --longest-gap of draw, serve, status and doctor. Default: 14.",
    ),
    "TESTING_TRACKER_LOG_FORMAT": (
        "text or json: what `serve` prints.",
        "As --log-format of serve: a line an event for people, or a JSON object for machines. Default: text.",
    ),
    "TESTING_TRACKER_IDLE_MINUTES": (
        "After so many minutes untouched, what waits closes.",
        "`log`, `decide`, `today --watch` and every question close by themselves, having lost nothing. Default: 15; 0 "
        "is never.",
    ),
    "TESTING_TRACKER_DEBUG": (
        "1 shows the details of a fault.",
        "Any value has a fault in the program end with its traceback, to be reported; it may show records.",
    ),
    "NO_COLOR": (
        "Any value: no colours.",
        "In a pipe or a file there are none anyway.",
    ),
    "TERM": (
        "dumb: no colours, no `today --watch`.",
        "What the terminal can do. Most terminals set it.",
    ),
    "COLUMNS": (
        "The width to print in.",
        "Default: the terminal's.",
    ),
    "XDG_DATA_HOME": (
        "Where the user data folder is, on Linux.",
        "Default: ~/.local/share. The folder is testing-tracker in it.",
    ),
    "LISTEN_FDS, LISTEN_PID": (
        "A socket that systemd opened.",
        "Where `serve --socket` is started by a .socket unit; `systemd print --socket` prints one.",
    ),
    "COMP_WORDS": (
        "The line to complete, as the shell says it.",
        "Set by the scripts of `completion`, with COMP_CWORD; it tells which server is asked.",
    ),
    "PGHOST, PGUSER, PGPASSFILE": (
        "A PostgreSQL server, as libpq has them.",
        "What the URL leaves out; also PGPORT, PGDATABASE, PGSERVICEFILE, PGSSLMODE and PGSSLROOTCERT. A password "
        "belongs into ~/.pgpass (mode 600).",
    ),
}

FILES = {
    "~/.local/share/testing-tracker/testing-tracker.db": (
        "The database, where nothing names another one. On macOS the folder is ~/Library/Application "
        "Support/testing-tracker, on Windows %LOCALAPPDATA%\\testing-tracker."
    ),
    "DATABASE.key": (
        "The key that the draws come from, readable by its owner alone. Keep it secret, and keep a copy in another "
        "safe place: without it no draws are made."
    ),
    "DATABASE.analytes.toml": "The facility's own analytes and names; it need not be there.",
    "DATABASE.delivery.toml": (
        "Where reports go, by folder or mail; it need not be there. A second facility's is "
        "DATABASE.delivery.facility-2.toml."
    ),
    "DATABASE.schema-N": "A copy from before an update, made by what opened the database first; N is its schema.",
}

EXIT_STATUSES = {
    "0": "It was done.",
    "1": (
        "It was refused: one line, Error: and what to do, on standard error, and nothing was changed. An import with "
        "refused lines has taken its good ones. Of status, doctor, check, verify and proof check: something is wrong "
        "or needs doing. Also where a question was left with Ctrl-C."
    ),
    "2": "It was typed wrong, or there is no database yet where the program was called without a command.",
}
