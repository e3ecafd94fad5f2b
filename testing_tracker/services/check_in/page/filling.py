"""What the page is given of a facility: numbers, what their PINs are checked against, and the day's answers.

There is no code, name or result in it, nothing of another participant's, and nothing of tomorrow but when the window is
open, and for a week receipts which say only that somebody was here: for a day on which nobody can fill the page.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.calendar import zone_on
from testing_tracker.rules.check_in.answers import DaysAnswer, Timing
from testing_tracker.rules.check_in.check_in_file import CheckInSettings
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.rules.check_in.receipts import HERE, Says, everything_said, receipt
from testing_tracker.services.check_in.page.former_numbers import former_numbers
from testing_tracker.services.check_in.page.todays_receipts import ready_on
from testing_tracker.services.check_in.receipt_keys import day_key
from testing_tracker.services.check_in.rules_in_force import any_rule, rule_on, window_on
from testing_tracker.services.check_in.todays_answers import answers_on
from testing_tracker.store.key_file import KeyFile
from testing_tracker.store.ledger.pages import last_page
from testing_tracker.store.queries import in_force_id
from testing_tracker.store.tables import Card, CheckInRule, Enrolment, KeyChain
from testing_tracker.store.work import Work
from testing_tracker.web.filling import DayOfPage, DaysAnswerOf, Filling, HereReceipt, Holder, PageMark, PagePlace

DAYS_AHEAD = 7
LedgerPage = tuple[int, str]  # its number and digest


@dataclass(frozen=True)
class PageGiven:
    """A facility's part of the page; `mark` says what it was made from."""

    filling: Filling
    mark: PageMark


def has_page(work: Work) -> bool:
    """Whether participants check in by a page from today on, or from a day to come."""
    if not any_rule(work):
        return False
    today = rule_on(work, work.today)
    if today is not None and today.page:
        return True
    coming = select(CheckInRule.id).where(
        CheckInRule.facility_id == work.facility_id, CheckInRule.from_on > work.today, col(CheckInRule.page)
    )
    return work.session.exec(coming.limit(1)).first() is not None


def source_of(work: Work) -> str:
    """What names the database to the page, which is filled from one: its first key's digest, which tells nothing."""
    anchor = work.session.exec(select(KeyChain.anchor).order_by(col(KeyChain.id)).limit(1)).one()
    return hashlib.sha256(f"page {anchor}".encode()).hexdigest()[:16]


def refuse_page_of_another(source: str, its: str | None) -> None:
    """Raise TestingTrackerError for what comes from a page that another database than `source` fills.

    People have the same numbers there: what its visitors were told would be taken for what was told to people here.
    """
    if its not in (None, source):
        raise TestingTrackerError(
            "This is the page of another database, whose visitors are other people. Name the page of this one. Nothing "
            "was changed."
        )


def mark_of(work: Work, settings: CheckInSettings, key_file: KeyFile) -> PageMark:
    """What the facility's part would be made from now. Every act ends with a page of the ledger, so that is cheap."""
    key = _state_of(key_file)
    said = hashlib.sha256(repr((settings.page, settings.voice and settings.voice.token)).encode()).hexdigest()[:16]
    return PageMark(
        work.facility_id,
        f"{work.today} {_named(last_page(work.session, work.facility_id))} {said} {key}",
        f"{work.today} {_newest(work, Card)} {_newest(work, CheckInRule)} {key}",
    )


def with_newer_page(mark: PageMark, before: LedgerPage, after: LedgerPage) -> PageMark | None:
    """The mark of the same contents after acts that change none of them, from one page of the ledger to another.

    None where other acts were before them.
    """
    day, page, *more = mark.made_from.split(" ")
    return (
        PageMark(mark.facility, " ".join((day, _named(after), *more)), mark.here_from)
        if page == _named(before)
        else None
    )


def _named(page: LedgerPage) -> str:
    """A page of the ledger, as no other is: once a copy was brought back its number is given to another one."""
    number, digest = page
    return f"{number}-{digest[:16]}"


def what_the_page_is_given(
    work: Work, settings: CheckInSettings, key_file: KeyFile, known: PageMark | None
) -> PageGiven:
    """A facility's part of the page as it is to be now.

    `known` is what the file is made from: receipts that are there already are left out. Where the file has today's
    answers by now, it keeps since when.
    """
    mark = mark_of(work, settings, key_file)
    holders = _holders(work)
    answers = _answers(work, {one.id for one in holders})
    days = _days(work, work.now if answers else None)
    here = None
    if known is None or known.here_from != mark.here_from:
        here = _here(work, key_file, [one.day for one in days], [one.id for one in holders])
    return PageGiven(Filling(_place(work, settings), days, holders, answers, here, former_numbers(work)), mark)


def _state_of(key_file: KeyFile) -> str:
    """The key file's, which changes whenever a key is added or brought back."""
    try:
        about = key_file.path.stat()
    except OSError:
        return "-"
    return f"{about.st_mtime_ns}-{about.st_size}"


def _newest(work: Work, table: type[Card] | type[CheckInRule]) -> str:
    """The facility's newest row of a table, as no other is."""
    asked = sa_select(col(table.id), col(table.recorded_at)).where(col(table.facility_id) == work.facility_id)
    found = work.session.connection().execute(asked.order_by(col(table.id).desc()).limit(1)).first()
    return "0" if found is None else f"{found[0]}-{found[1].timestamp()}"


def _place(work: Work, settings: CheckInSettings) -> PagePlace:
    page = settings.page
    return PagePlace(
        facility=work.facility_id,
        path=page.path or "",
        name=page.name,
        phone=page.phone,
        zone=zone_on(work.zone, work.today).key,
        zone_en=page.zone.get(Language.ENGLISH, ""),
        zone_es=page.zone.get(Language.SPANISH, ""),
        training=work.facility.training,
        public_url=page.public_url,
        voice_token=settings.voice.token if settings.voice is not None else None,
        languages=page.languages,
    )


def _days(work: Work, answers_at: datetime | None) -> tuple[DayOfPage, ...]:
    found = []
    for number in range(DAYS_AHEAD + 1):
        day = work.today + timedelta(days=number)
        rule, window = rule_on(work, day), window_on(work, day)
        if rule is not None and rule.page and window is not None:
            known = answers_at if day == work.today else None
            found.append(DayOfPage(day, window.opens, window.closes, window.over, known))
    return tuple(found)


def _holders(work: Work) -> tuple[Holder, ...]:
    """Who is in the programme and has a card, by the record that goes on."""
    later = aliased(Card)
    is_newest = ~exists().where(col(later.participant_id) == col(Card.participant_id), col(later.id) > col(Card.id))
    query = (
        sa_select(col(Card.participant_id), col(Card.number), col(Card.salt), col(Card.verifier), col(Card.language))
        .join(Enrolment, col(Enrolment.id) == in_force_id(Enrolment, Card.participant_id, work.today))
        .where(
            col(Card.facility_id) == work.facility_id,
            col(Card.verifier).is_not(None),
            is_newest,
            col(Enrolment.enrolled),
        )
        .order_by(col(Card.participant_id))
    )
    return tuple(
        Holder(number, digits, bytes.fromhex(salt or ""), bytes.fromhex(verifier or ""), Language(language))
        for number, digits, salt, verifier, language in work.session.connection().execute(query)
    )


def _answers(work: Work, holders: set[int]) -> tuple[DaysAnswerOf, ...]:
    """The answers of whom a night has decided about today; of the others the page says that it knows none."""
    rule = rule_on(work, work.today)
    if rule is None or not rule.page:
        return ()
    ready = ready_on(work, work.today)
    places = {says: number for number, says in enumerate(everything_said())}
    found = []
    for number, now in sorted(answers_on(work, work.today).items()):
        if number in holders:
            receipts = (ready.get(number) or "").split()
            in_time, late = (
                receipts[places[Says(now.answer, timing)]] if receipts else None
                for timing in (Timing.IN_TIME, Timing.LATE)
            )
            answer = DaysAnswer(now.answer)
            found.append(DaysAnswerOf(work.today, number, answer, now.come_from, now.come_to, in_time, late))
    return tuple(found)


def _here(work: Work, key_file: KeyFile, days: list[date], holders: list[int]) -> tuple[HereReceipt, ...]:
    """For a week; none where the key is not at hand."""
    keys = {day: key for day in days if (key := day_key(work, key_file, day)) is not None}
    return tuple(
        HereReceipt(day, number, *(receipt(key, number, Says(HERE, timing)) for timing in Timing))
        for day, key in keys.items()
        for number in holders
    )


def settings_or_refusal(settings: CheckInSettings | None, file: str) -> CheckInSettings:
    """What the check-in file says. Raises TestingTrackerError where there is none."""
    if settings is None:
        raise TestingTrackerError(
            f"Participants check in by a page, and there is no {file}: it says what they see there. Make it "
            "(docs/checkin.md)."
        )
    return settings
