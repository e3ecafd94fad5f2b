"""An example for every command, by the words that are typed; `tests/cli/test_examples.py` runs each as it is printed.

The clinic that they work in is made there: participants of A codes are due, those of B codes gave a cup yesterday, and
much waits.
"""

_NAME = "tt"
_EXAMPLES = {
    "tt": ("tt demo", "tt", "tt result A17 negative"),
    # a nurse's day
    "tt today": ("tt today", "tt today --plain"),
    "tt due": ("tt due", "tt due --on yesterday --format csv"),
    "tt log": ("tt log", "tt log --on yesterday"),
    "tt result": ("tt result A17 n", "tt result A17 coc fentanyl --specimen-id S-104 --observed"),
    "tt result import": ("tt result import results.csv --dry-run", "tt result import results.csv --rejects mend.csv"),
    "tt amend": ('tt amend B04 negative --on yesterday --reason "read the wrong line"',),
    "tt collected": ("tt collected A17 --specimen-id S-104 --collector RN",),
    "tt missed": ("tt missed A17", 'tt missed A17 --reason "did not answer the call"'),
    "tt refused": ('tt refused A17 --reason "would not go in"',),
    "tt unable": ('tt unable A17 --reason "tried for an hour"',),
    "tt excuse": ('tt excuse A17 --reason "court date"', 'tt excuse A17 --on yesterday --reason "road closed"'),
    "tt test": ('tt test A17 --reason "seemed intoxicated in group"', "tt test B07 --recollect"),
    "tt swap": ('tt swap A17 B04 --on yesterday --reason "two cups in the wrong order"',),
    "tt specimen": ("tt specimen show S-101",),
    "tt specimen show": ("tt specimen show S-101",),
    "tt specimen handover": ('tt specimen handover S-101 --to "Northside Lab" --for testing',),
    "tt confirmation": ("tt confirmation list",),
    "tt confirmation send": ('tt confirmation send B04 --on yesterday --lab "Northside Lab" --by +5',),
    "tt confirmation list": ("tt confirmation list --overdue",),
    "tt confirmation cancel": ('tt confirmation cancel B05 --on yesterday --reason "the cup broke on its way"',),
    # check_in
    "tt checkin": ("tt checkin list", "tt checkin record A17 --by phone"),
    "tt checkin record": (
        "tt checkin record A17 --by phone",
        'tt checkin record A17 --at 06:40 --note "power cut"',
    ),
    "tt checkin list": ("tt checkin list", "tt checkin list --not-yet --contacts --yes"),
    "tt checkin show": ("tt checkin show A17",),
    "tt checkin verify": ("tt checkin verify A17 9931-7896",),
    "tt checkin rule": (
        "tt checkin rule",
        "tt checkin rule --opens 05:00 --closes 10:00 --page --not-checked-in unrecorded --from +14",
    ),
    "tt checkin outage": ('tt checkin outage --from 07:10 --to 07:31 --reason "power cut"', "tt checkin outage"),
    "tt notice": ("tt notice list",),
    "tt notice list": ("tt notice list", "tt notice list --failed"),
    "tt notice send": ("tt notice send --to A17",),
    "tt notice test": ("tt notice test --text +15550199",),
    # people
    "tt participant": ("tt participant list", "tt participant show A17"),
    "tt participant add": ("tt participant add C30 --schedule random-2 --level iop",),
    "tt participant import": (
        "tt participant import people.csv --dry-run",
        'tt participant import clients.csv --map "Client ID=participant"',
    ),
    "tt participant list": ("tt participant list", "tt participant list --format csv"),
    "tt participant show": ("tt participant show A17",),
    "tt participant card": (
        "tt participant card A17 --print card.pdf",
        'tt participant card A18 --new-pin --reason "forgot it" --print another.pdf',
        "tt participant card --all --print cards.pdf",
    ),
    "tt participant transfer": ('tt participant transfer A17 php --reason "asked for more support"',),
    "tt participant set-schedule": ("tt participant set-schedule A17 random-3",),
    "tt participant leave": ("tt participant leave A17 tomorrow +7 --reason hospital",),
    "tt participant return": ("tt participant return A20",),
    "tt participant rename": ('tt participant rename A17 A71 --reason "digits changed places"',),
    "tt participant join": ('tt participant join A18 A17 --reason "enrolled twice" --yes',),
    "tt participant contact": (
        "tt participant contact A17 --text +15550123 --consent-on yesterday",
        "tt participant contact A17 --address",
    ),
    "tt participant discharge": ('tt participant discharge A17 --reason "completed the programme"',),
    "tt participant cancel": ('tt participant cancel A19 --reason "entered at the wrong facility"',),
    "tt prescription": ("tt prescription list A17",),
    "tt prescription add": ("tt prescription add A17 buprenorphine --from yesterday --no-reread",),
    "tt prescription list": ("tt prescription list A17", "tt prescription list --all"),
    "tt prescription end": ('tt prescription end B04 buprenorphine --reason "tapered off" --no-reread',),
    "tt prescription reread": ("tt prescription reread B04",),
    "tt staff": ("tt staff list",),
    "tt staff add": ("tt staff add mkay --role clinician",),
    "tt staff list": ("tt staff list",),
    "tt staff remove": ("tt staff remove jdoe --role nurse",),
    # deciding
    "tt decide": ("tt decide",),
    "tt recommendation": ("tt recommendation list", "tt recommendation show B04"),
    "tt recommendation list": ("tt recommendation list", "tt recommendation list --all"),
    "tt recommendation show": ("tt recommendation show 1", "tt recommendation show B04"),
    "tt recommendation accept": ('tt recommendation accept B04 --note "talked with B04"', "tt recommendation accept 1"),
    "tt recommendation decline": ('tt recommendation decline 1 --reason "counselling first"',),
    "tt recommendation defer": ('tt recommendation defer B04 --until +7 --reason "after the court date"',),
    "tt recommendation reopen": ('tt recommendation reopen B06 --reason "the wrong one was declined"',),
    "tt review": ("tt review list",),
    "tt review list": ("tt review list", "tt review list --all"),
    "tt review done": ('tt review done 1 --note "called, comes tomorrow"',),
    # reports
    "tt report": ("tt report weekly", "tt report participant A17"),
    "tt report weekly": (
        "tt report weekly",
        "tt report weekly --week this --format pdf --output week.pdf",
        "tt report weekly --week this --for court --participant B04",
    ),
    "tt report period": (
        "tt report period --month 2026-10",
        "tt report period --quarter 2026-Q3 --format pdf --output quarter.pdf",
    ),
    "tt report participant": (
        "tt report participant A17",
        "tt report participant A17 --format html --output calendar.html",
    ),
    "tt report outcomes": (
        "tt report outcomes --from 2026-11-02 --to 2026-11-15",
        "tt report outcomes --level iop --format csv",
    ),
    "tt report network": ("tt report network --week last",),
    "tt history": ("tt history export --output record.csv",),
    "tt history export": ("tt history export --output record.csv",),
    "tt history import": ("tt history import past.csv --dates mdy --dry-run",),
    # schedules
    "tt schedule": ("tt schedule list", "tt schedule show random-2"),
    "tt schedule list": ("tt schedule list",),
    "tt schedule show": ("tt schedule show random-2", "tt schedule show random-2 --version 1"),
    "tt schedule check": ("tt schedule check ours.toml",),
    "tt schedule load": ("tt schedule load ours.toml",),
    "tt schedule take-back": ('tt schedule take-back long-weekend --reason "loaded too early"',),
    "tt schedule simulate": (
        "tt schedule simulate random-2 fixed-2",
        "tt schedule simulate ours.toml --analyte cocaine",
    ),
    "tt analyte": ("tt analyte list", "tt analyte show coc"),
    "tt analyte list": ("tt analyte list",),
    "tt analyte show": ("tt analyte show coc",),
    "tt analyte check": ("tt analyte check analytes.toml",),
    # trust
    "tt audit": ("tt audit list",),
    "tt audit list": ("tt audit list --participant A17", "tt audit list --looks --from -7 --format csv"),
    "tt verify": ("tt verify",),
    "tt proof": ("tt proof --day yesterday --output proof.json",),
    "tt proof check": ("tt proof check proof.json",),
    "tt witness": ("tt witness", "tt witness --from yesterday"),
    "tt key": ("tt key show",),
    "tt key show": ("tt key show",),
    "tt key acknowledge": ('tt key acknowledge --reason "the disk failed"',),
    "tt key rotate": ('tt key rotate --reason "a laptop was lost"',),
    "tt check": ("tt check",),
    # running it
    "tt init": (
        'tt --database clinic.db init --facility "Harbor House" --timezone America/Chicago',
        "tt --database practice.db init --training",
    ),
    "tt demo": ("tt demo", "tt demo --keep demo.db"),
    "tt facility": ("tt facility list",),
    "tt facility add": ('tt facility add "North Side" --timezone America/Chicago',),
    "tt facility list": ("tt facility list",),
    "tt facility close": (
        "tt facility close tomorrow --reason snow",
        "tt facility close 12/24 --to 12/26 --reason holidays",
    ),
    "tt facility open": ('tt facility open 11/27 --reason "open after all"',),
    "tt facility rename": ('tt facility rename "Harbor House West" --reason "the second house opens"',),
    "tt facility timezone": ('tt facility timezone America/Denver --reason "moved across the river"',),
    "tt draw": ("tt draw",),
    "tt web": ("tt web sync", "tt web serve --check"),
    "tt web sync": ("tt web sync",),
    "tt web print": ("tt web print",),
    "tt web load": ("tt web load page.json",),
    "tt web visits": ("tt web visits", "tt web visits --after 0"),
    "tt web collect": ("tt web collect visits.json",),
    "tt web serve": ("tt web serve --behind-proxy", "tt web serve --check"),
    "tt serve": ("tt serve --draw-at 00:05 --report-at 06:00", "tt serve --once --reports reports"),
    "tt cron": ("tt cron print",),
    "tt cron print": ("tt cron print --reports reports",),
    "tt systemd": ("tt systemd print",),
    "tt systemd print": ("tt systemd print --into units",),
    "tt status": ("tt status",),
    "tt doctor": ("tt doctor", "tt doctor --result-days 5 --quiet"),
    "tt backup": ("tt backup friday.backup", "tt backup --key clinic.key.copy"),
    "tt restore": ("tt --database again.db restore thursday.backup",),
    "tt migrate": ("tt migrate",),
    "tt completion": ("tt completion bash",),
    "tt manual": ("tt manual",),
}


def examples_of(words: str) -> tuple[str, ...]:
    """The examples of the command that these words call, as they are typed; the program's own for no words."""
    return _EXAMPLES.get(f"{_NAME} {words}".rstrip(), ())


def called() -> tuple[str, ...]:
    """The words of every command that has an example."""
    return tuple(words.removeprefix(_NAME).strip() for words in _EXAMPLES)
