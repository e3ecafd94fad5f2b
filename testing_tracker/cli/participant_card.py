"""`participant card`: the number and the PIN by which somebody checks in, on a terminal this once or on paper."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.exporting import Export, put_on_record
from testing_tracker.cli.desk.files import (
    STANDARD_OUTPUT,
    OutputPath,
    check_in_settings_of,
    output_file,
    overwrite_option,
)
from testing_tracker.cli.desk.parameter_types import CODE, REASON, CaselessChoice
from testing_tracker.cli.desk.terminal import is_terminal
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.cards import number_shown, pin_shown
from testing_tracker.rules.check_in.page_words import Language

if TYPE_CHECKING:
    from testing_tracker.reports.check_in.cards import OnAllCards
    from testing_tracker.services.check_in.cards import CardToMake, MadeCard
    from testing_tracker.store.work import Work

_ON_PAGE = "A page knows within a minute."


@dataclass(frozen=True)
class _Asked:
    """What was typed."""

    code: str | None
    everybody: bool
    new_pin: bool
    new_number: bool
    end: bool
    language: Language | None
    paper: Path | None
    overwrite: bool
    reason: str | None

    @property
    def replaces(self) -> bool:
        return self.new_pin or self.new_number

    def check(self) -> None:
        """Raise UsageError for what does not go together."""
        if (self.code is None) != self.everybody:
            raise click.UsageError("Give the CODE of a participant, or --all.")
        if self.everybody and (self.replaces or self.end or self.reason):
            raise click.UsageError("--all makes cards for those who have none; it goes with --print and --language.")
        if self.everybody and self.paper is None:
            raise click.UsageError("--all needs --print FILE: the PINs of many belong on paper.")
        if self.paper == STANDARD_OUTPUT:
            raise click.UsageError("--print needs the name of a file; a PIN goes through no pipe.")
        if self.end and (self.replaces or self.language or self.paper):
            raise click.UsageError("--end goes with --reason TEXT only.")
        if (self.end or self.replaces) != (self.reason is not None):
            raise click.UsageError("--new-pin, --new-number and --end need --reason TEXT, and nothing else does.")


@click.command("card")
@click.argument("code", type=CODE, required=False)
@click.option("--all", "everybody", is_flag=True, help="A card for everybody enrolled who has none.")
@click.option("--new-pin", is_flag=True, help="Another PIN; the earlier one is worthless then.")
@click.option("--new-number", is_flag=True, help="Another number and PIN, where somebody else tries the number.")
@click.option("--end", is_flag=True, help="End the card; a discharge does so by itself.")
@click.option("--language", type=CaselessChoice([str(one) for one in Language]), help="What they are spoken to in.")
@click.option("--print", "paper", type=OutputPath(), metavar="FILE", help="Write it as a pdf, the PIN on a slip.")
@overwrite_option()
@click.option("--reason", type=REASON, metavar="TEXT", help="Why the PIN or number is another one, or the card ends.")
@pass_desk
def card_command(
    desk: Desk,
    code: str | None,
    everybody: bool,
    new_pin: bool,
    new_number: bool,
    end: bool,
    language: str | None,
    paper: Path | None,
    overwrite: bool,
    reason: str | None,
) -> None:
    """Give a participant a number and a PIN to check in with.

    The PIN is shown once, at a terminal or on the slip that is printed, and is kept nowhere; the number is in
    `participant show`. With --print alone a card that there is already is printed again, without the PIN.
    """
    spoken = Language(language) if language else None
    asked = _Asked(code, everybody, new_pin, new_number, end, spoken, paper, overwrite, reason)
    asked.check()
    if asked.end:
        _end(desk, asked)
    elif _has_card(desk, asked) and (asked.language or asked.paper):
        _without_new_pin(desk, asked)
    else:
        _make(desk, asked)


def _end(desk: Desk, asked: _Asked) -> None:
    with desk.writing() as work:
        card = services.cards.end(work, str(asked.code), str(asked.reason))
        shown, number = services.lookup.find_participant(work, str(asked.code)).code, number_shown(card.number)
    say(desk, f"{shown}'s card is ended. The number {number} is given to nobody else. {_ON_PAGE}")


def _has_card(desk: Desk, asked: _Asked) -> bool:
    """Whether a card stands that is not to be replaced."""
    if asked.code is None or asked.replaces:
        return False
    with desk.reading() as work:
        participant = services.lookup.find_enrolled(work, asked.code)
        return services.cards.card_of(work, participant.id or 0) is not None


def _without_new_pin(desk: Desk, asked: _Asked) -> None:
    """Change a card's language, or print it again; its PIN stays as it is."""
    code = str(asked.code)
    if asked.language is not None:
        with desk.writing() as work:
            services.cards.speak(work, code, asked.language)
            shown = services.lookup.find_participant(work, code).code
        language = "Spanish" if asked.language is Language.SPANISH else "English"
        say(desk, f"{shown} is spoken to in {language} from now on. Number and PIN stay as they are.")
    if asked.paper is None:
        return
    from testing_tracker.reports.check_in.cards import CardToPrint, cards_pdf

    with output_file(desk, asked.paper, overwrite=asked.overwrite) as outgoing:
        with desk.reading() as work:
            participant = services.lookup.find_enrolled(work, code)
            card = services.cards.standing_card(work, participant)
            shown, (on_all, missing) = participant.code, _on_all(desk, work)
            export = Export("check-in card", "pdf", work.today, participant_id=participant.id)
            printed = CardToPrint(shown, card.number, Language(card.language))
        outgoing.file.write(cards_pdf([printed], on_all))
        put_on_record(desk, export, outgoing)
    say(desk, f"Wrote {shown}'s card to {asked.paper}, without the PIN, which is kept nowhere.")
    _note(missing)


def _make(desk: Desk, asked: _Asked) -> None:
    with desk.reading() as work:
        to_make = _to_make(work, asked)
        on_all, missing = _on_all(desk, work) if asked.paper is not None and to_make else (None, [])
    if not to_make:
        say(desk, "Everybody who is enrolled has a card, or had it ended. No card was made.")
        return
    if on_all is not None:
        made = _on_paper(desk, asked, to_make, on_all)
        _tell_of_paper(desk, asked, made)
        _note(missing)
    else:
        if not is_terminal(sys.stdout):
            raise TestingTrackerError(
                "No card was made: its PIN is shown once, and nobody looks at this output. Give the command at a "
                "terminal, or --print FILE."
            )
        made = [services.cards.made(one) for one in to_make]
        with desk.writing() as work:
            services.cards.put_on_record(work, made, asked.reason)
        for one in made:
            number, pin = number_shown(one.card.number), pin_shown(one.pin)
            say(desk, f"{one.card.participant}: number {number}, PIN {pin}. The PIN is shown this once.")
    if asked.replaces:
        what = "number and PIN are" if asked.new_number else "PIN is"
        say(desk, f"The earlier {what} worthless now. {_ON_PAGE}")


def _to_make(work: "Work", asked: _Asked) -> "Sequence[CardToMake]":
    if asked.code is None:
        return services.cards.without_card(work, asked.language or Language.ENGLISH)
    card = services.cards.to_make(
        work, asked.code, language=asked.language, new_number=asked.new_number, anew=asked.new_pin
    )
    return [card]


def _on_paper(desk: Desk, asked: _Asked, to_make: "Sequence[CardToMake]", on_all: "OnAllCards") -> "Sequence[MadeCard]":
    """Write the cards to a file and put them on record: both or neither."""
    from testing_tracker.reports.check_in.cards import CardToPrint, cards_pdf

    assert asked.paper is not None, "there is a file to print to"
    with output_file(desk, asked.paper, overwrite=asked.overwrite) as outgoing:
        made = [services.cards.made(one) for one in to_make]
        printed: list[CardToPrint] = [
            CardToPrint(one.card.participant, one.card.number, one.card.language, one.pin) for one in made
        ]
        outgoing.file.write(cards_pdf(printed, on_all))
        outgoing.write_through()
        with desk.writing() as work:
            services.cards.put_on_record(work, made, asked.reason)
            outgoing.put()
    return made


def _tell_of_paper(desk: Desk, asked: _Asked, made: "Sequence[MadeCard]") -> None:
    if asked.everybody:
        cards = "1 card" if len(made) == 1 else f"{len(made)} cards"
        say(desk, f"Wrote {cards} to {asked.paper}, each with its PIN on a slip. The PINs are nowhere else.")
    else:
        card = made[0].card
        number = number_shown(card.number)
        say(desk, f"{card.participant}: number {number}. The PIN is on the slip in {asked.paper}, and nowhere else.")
    say(desk, f"Print {asked.paper}, and then take it away.")


def _note(missing: Sequence[str]) -> None:
    for one in missing:
        warn(one)


def _on_all(desk: Desk, work: "Work") -> "tuple[OnAllCards, Sequence[str]]":
    """What all of the facility's cards say, and notes of what is missing there."""
    from testing_tracker.reports.check_in.cards import OnAllCards
    from testing_tracker.rules.check_in.card_words import WhereToCheckIn

    settings = check_in_settings_of(desk.location, work.facility_id)
    steps = [step.rule for step in services.rule_setting.rules_from(work, work.today)]
    rule = next((rule for rule in steps if rule is not None), None)
    where, missing = WhereToCheckIn(), []
    if settings is None:
        file = desk.location.check_in_of(work.facility_id)
        missing.append(f"there is no {file}, so the card has no name, telephone or address.")
    else:
        page = settings.page
        address = "/".join(filter(None, ((page.public_url or "").removeprefix("https://"), page.path)))
        shown = address if page.public_url else ""
        where = WhereToCheckIn(page.name, page.phone, shown, tuple(page.zone.items()), page.languages)
    if rule is None:
        missing.append("no rule of checking in is set (`testing-tracker checkin rule`), so the card has no hours.")
    return OnAllCards(where, rule, work.today, work.zone.key, work.now, work.facility.training), missing
