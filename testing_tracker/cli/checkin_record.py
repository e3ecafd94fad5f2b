"""`checkin record` and `checkin verify`: what a participant is told at the telephone or the desk, and its receipt."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.asking import typed_unseen
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import command_now, looked
from testing_tracker.cli.desk.given_days import day_given, instant_given
from testing_tracker.cli.desk.parameter_types import CODE, DAY_BEFORE, INSTANT, REASON, CaselessChoice, CheckedWord
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.answers import CheckedInBy, DaysAnswer, Timing
from testing_tracker.rules.check_in.receipts import shown
from testing_tracker.rules.said import in_full
from testing_tracker.rules.words import Status

if TYPE_CHECKING:
    from testing_tracker.rules.check_in.page_words import Language
    from testing_tracker.services.check_in.recording import Recorded, ToRecord
    from testing_tracker.store.work import Work

_BY = {"phone": CheckedInBy.PHONE, "desk": CheckedInBy.STAFF}
_RECEIPT = CheckedWord("receipt", str)


@click.command("record")
@click.argument("code", type=CODE)
@click.option("--by", "how", type=CaselessChoice(_BY), default="desk", show_default=True, help="How they asked.")
@click.option(
    "--at", type=INSTANT, metavar="TIME", help="Recorded afterwards: when they were told, today or yesterday."
)
@click.option("--on", type=DAY_BEFORE, metavar="DATE", help="With --at: the day, today or yesterday.")
@click.option("--note", type=REASON, metavar="TEXT", help="Anything that should stand beside it.")
@click.option("--pin", is_flag=True, help="Ask for the caller's PIN first; a wrong one is a try on record.")
@click.option("--early", is_flag=True, help="Also before check-in opens: the participant asks in person.")
@pass_desk
def record_command(
    desk: Desk, code: str, how: str, at: str | None, on: str | None, note: str | None, pin: bool, early: bool
) -> None:
    """Somebody asks by telephone or at the desk: tell them what this says, and it is on record.

    It says the same as the page would, with the same receipt, and counts as checking in. No card is needed for it.
    """
    if on is not None and at is None:
        raise click.UsageError("--on goes with --at: at which time of that day were they told?")
    if pin and at is not None:
        raise click.UsageError("--pin is for who asks now; leave it out with --at.")
    said = None
    if pin:
        with desk.reading() as work:
            services.recording.check_before_pin(work, _to_record(work, code, how, at, on, note, early))
        said = typed_unseen(f"{code}'s PIN")
    with desk.writing() as work:
        to_record = _to_record(work, code, how, at, on, note, early)
        recorded = services.recording.record(work, desk.location.key, to_record, said)
        zone = work.zone
    if recorded.why_not is not None:
        raise TestingTrackerError(f"{recorded.why_not} That {recorded.participant} asked is on record as a try.")
    _tell(desk, recorded, zone)


def _to_record(
    work: "Work", code: str, how: str, at: str | None, on: str | None, note: str | None, early: bool
) -> "ToRecord":
    told_at = instant_given(work, day_given(on, work.today), at, "time of check-in")
    return services.recording.ToRecord(code, _BY[how], told_at, note, early=early)


def _tell(desk: Desk, recorded: "Recorded", zone: tzinfo) -> None:
    """Say what is to be said to the participant, with the receipt, and what staff should know beside it."""
    from testing_tracker.rules.check_in.page_words import Language

    code = recorded.participant
    receipt = shown(recorded.receipt) if recorded.receipt else "-"
    say(desk, f"{code}: {_sentence(recorded, Language.ENGLISH, zone)}    Receipt {receipt}")
    if recorded.language is not Language.ENGLISH:
        say(desk, f"In Spanish: {_sentence(recorded, recorded.language, zone)}")
    if recorded.receipt is None:
        warn(
            "the receipt follows within a minute, when whoever has the key has made it; `testing-tracker checkin list` "
            "shows it then."
        )
    for note in _notes(recorded, zone):
        warn(note)


def _sentence(recorded: "Recorded", language: "Language", zone: tzinfo) -> str:
    """What the page would say too."""
    from testing_tracker.rules.check_in.page_words import Sentence
    from testing_tracker.rules.check_in.times_said import the_time

    answer = recorded.answer
    if answer is None:
        said = (Sentence.OVER, Sentence.WAS_HERE)
        return " ".join(sentence.in_language(language) for sentence in said)
    if answer.answer is not DaysAnswer.COME:
        return (Sentence.STAY if answer.answer is DaysAnswer.STAY else Sentence.DONE).in_language(language)
    if answer.come_from is None or answer.come_to is None:
        return Sentence.COME_TODAY.in_language(language)
    hours = {
        "the_from": the_time(answer.come_from.astimezone(zone), language),
        "the_to": the_time(answer.come_to.astimezone(zone), language),
    }
    return Sentence.COME.said(language, **hours).replace("\u00a0", " ")


def _notes(recorded: "Recorded", zone: tzinfo) -> Iterator[str]:
    code, now, earlier = recorded.participant, recorded.attempt, recorded.earlier
    if recorded.on_leave:
        yield f"{code} is on leave on {recorded.day}, and nobody expects a check-in on leave."
    if earlier is not None:
        before = f"{earlier.at.astimezone(zone):%H:%M}"
        if earlier.answer is now.answer:
            yield f"{code} checked in at {before} already. This is the same answer."
        elif now.answer is not None:
            yield f"This answer is new. It replaces the one of {before}."
    elif now.timing is Timing.LATE:
        yield f"{code} checked in late: check-in closed at {recorded.window.closes.astimezone(zone):%H:%M}."
    if Status.MISSED in recorded.past:
        yield (
            f"{code}'s draw of {recorded.day} is missed by now, and this changes nothing of that. If it is not to "
            f"count, `testing-tracker excuse {code} --on {recorded.day} --reason TEXT` says so."
        )
    elif Status.UNRECORDED in recorded.past:
        yield (
            f"{code}'s draw of {recorded.day} is unrecorded by now, and this changes nothing of that. If {code} was to "
            f"come and did not, `testing-tracker missed {code} --on {recorded.day}` says so; else "
            f"`testing-tracker excuse {code} --on {recorded.day} --reason TEXT`."
        )


@click.command("verify")
@click.argument("code", type=CODE)
@click.argument("receipt", type=_RECEIPT)
@click.option("--on", type=DAY_BEFORE, metavar="DATE", help="The day that it is of. Default: today.")
@pass_desk
def verify_command(desk: Desk, code: str, receipt: str, on: str | None) -> None:
    """Is this receipt the participant's of that day, what does it say, and is that on record?

    Receipts are made with the clinic's key, so it needs that; today's can be looked at without. One that is genuine
    while no such check-in is on record shows that a record is missing.
    """
    with desk.reading() as work:
        day = day_given(on, work.today)
        identity = services.receipts_read.whose(work, code, receipt)
    looked(desk, command_now(), [identity], f"a receipt of {day}")
    with desk.reading() as work:
        read = services.receipts_read.read_receipt(work, desk.location.key, code, receipt, day)
        at = read.at.astimezone(work.zone)
    say(desk, f"{read.participant}, {in_full(read.day)}: {read.says}. On record: {at:%H:%M} {read.by}.")
