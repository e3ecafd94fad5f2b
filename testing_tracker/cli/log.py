"""`log`: a row of cups, a line each, at a terminal or from a pipe."""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from io import TextIOWrapper
from time import monotonic
from typing import TYPE_CHECKING

import click

from testing_tracker import services
from testing_tracker.cli.desk.asking import undisturbed
from testing_tracker.cli.desk.desk import TRAINING, Desk, pass_desk, say, warn
from testing_tracker.cli.desk.given_days import day_given
from testing_tracker.cli.desk.idle import IdleError, closed_by_itself
from testing_tracker.cli.desk.output import open_questions
from testing_tracker.cli.desk.parameter_types import DAY_BEFORE, LONGEST_TEXT
from testing_tracker.cli.desk.pasting import given_before, typed
from testing_tracker.cli.desk.prompting import prompt, refuse
from testing_tracker.cli.help.asked_for import OF_LOG
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.words import LINE

if TYPE_CHECKING:
    from testing_tracker.cli.log_conversation import Conversation

_SHORTEST_WORD_TO_COMPLETE = 2
_LINE_END_OF_A_SCANNER = 0.25  # seconds; an empty line that comes sooner was not typed


@click.command("log", epilog="\b\n" + "\n".join(OF_LOG))
@click.option("--on", type=DAY_BEFORE, metavar="DATE", help="The day of the draws. Default: today.")
@pass_desk
def log_command(desk: Desk, on: str | None) -> None:
    """Log a row of cups: a participant's code, then what the cup says.

    Beside results: absences, cups collected, their labels, amounts, and a laboratory's results. A mistake is asked for
    again; untouched for 15 minutes, the session closes by itself. From a pipe nothing is asked: codes are to be whole,
    every line has its code, and a line that is refused is named by its number.
    """
    with desk.reading() as work:
        day = day_given(on, work.today)
        if day > work.today:
            raise TestingTrackerError(f"{day} is in the future; today is {work.today}.")
        waiting = len(services.log_session.awaited(work, day))
        made = services.draws.night_has_run(work, day)
        questions = open_questions(work)
    if not made:
        warn(f"the draws of {day} have not been made; `testing-tracker draw` makes those of today.")
    for question in questions:
        warn(question)
    if sys.stdin is not None and sys.stdin.isatty():
        say(desk, f"Cups of {day}: {waiting} awaited. Type or scan a code; ? helps, q closes.")
        _converse(desk, day if on else None)
    else:
        _read_through(desk, day if on else None)


def _converse(desk: Desk, day: date | None) -> None:
    """Ask until the session is closed, by `q`, Ctrl-D or Ctrl-C."""
    from testing_tracker.cli.log_conversation import Conversation
    from testing_tracker.rules.testing.log_line import cleaned

    conversation = Conversation(desk, day, partial(say, desk), asks=True)
    ask = _prompt(conversation, desk)
    while not conversation.closed:
        try:
            asked_at = monotonic()
            line = ask()
            if not cleaned(line):
                if conversation.waits_for is None and monotonic() - asked_at > _LINE_END_OF_A_SCANNER:
                    conversation.tell_who_is_left()
                continue
            _take_pasted(desk, conversation, line)
        except (EOFError, KeyboardInterrupt):
            break
        except IdleError as idle:
            _close_by_itself(desk, conversation, day, idle.minutes)
            return
    _close(conversation, conversation.tell)


def _close_by_itself(desk: Desk, conversation: "Conversation", day: date | None, minutes: int) -> None:
    """Say what is on record, and how to go on; who is still awaited is for somebody who is there."""
    if conversation.waits_for is not None:
        conversation.tell(_without_result(conversation.waits_for))
    conversation.tell(conversation.tally)
    again = typed((*given_before(desk), "log", *(("--on", str(day)) if day else ())))
    conversation.tell(closed_by_itself(desk, minutes, again))


def _close(conversation: "Conversation", tell: Callable[[str], None], more: str = "") -> None:
    """Say what is on record of the session, and who is left."""
    for line in filter(None, (conversation.tally + more, conversation.farewell)):
        tell(line)


def _take_pasted(desk: Desk, conversation: "Conversation", text: str) -> None:
    """A line, or several that were pasted as one. After one that is refused the others are not taken: who they are
    about would be a guess."""
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            with undisturbed():
                conversation.take(line)
        except TestingTrackerError as error:
            rest = len(lines) - number
            refuse(desk, f"{error} {_rest_of(rest)}" if rest else str(error))
            return
        if conversation.closed:
            return


def _rest_of(lines: int) -> str:
    return "The line after it was not taken." if lines == 1 else f"The {lines} lines after it were not taken."


def _prompt(conversation: "Conversation", desk: Desk) -> Callable[[], str]:
    """A prompt with completion of codes and analytes."""
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    codes: list[str] | None = None

    class CodesAndAnalytes(Completer):
        def get_completions(self, document: Document, _event: CompleteEvent) -> Iterator[Completion]:
            nonlocal codes
            if codes is None and conversation.waits_for is None:
                codes = conversation.awaited()
            before, known = document.text_before_cursor.lstrip(), None if conversation.waits_for else codes
            word, found = _completed(desk.vocabulary.names, before, known)
            for name in found:
                yield Completion(name, start_position=-len(word))

    def question() -> str:
        nonlocal codes
        codes = None
        asked = f"{desk.whose}{conversation.question}"
        return f"{TRAINING} {asked}" if desk.training else asked

    return prompt(question, CodesAndAnalytes())


def _completed(names: Sequence[str], before: str, codes: Sequence[str] | None) -> tuple[str, Sequence[str]]:
    """The word that is being typed, and what it can become: a code by any part of it, or a word of the session, where
    `codes` are awaited and it is the first; one of the analytes' names or a word of a result everywhere else."""
    from testing_tracker.rules.testing.log_line import WORDS_OF_A_RESULT, WORDS_OF_THE_SESSION

    word = before.replace(",", " ").split(" ")[-1].casefold()
    if codes is not None and " " not in before:
        is_long = len(word) >= _SHORTEST_WORD_TO_COMPLETE
        words = [one for one in WORDS_OF_THE_SESSION if is_long and one.startswith(word)]
        return word, [*(code for code in codes if word in code.casefold()), *words]
    if len(word) < _SHORTEST_WORD_TO_COMPLETE:
        return word, []
    return word, [name for name in (*WORDS_OF_A_RESULT, *names) if name.startswith(word)]


def _read_through(desk: Desk, day: date | None) -> None:
    """Take the lines of a pipe or file; leave with status 1 when any was refused."""
    from testing_tracker.cli.log_conversation import Conversation

    said: list[str] = []
    conversation = Conversation(desk, day, said.append, asks=False)
    refused = 0
    number = opened_at = 0

    def refuse_line(at: int, message: str) -> None:
        nonlocal refused
        refused += 1
        refuse(desk, f"-:{at}: {message}")

    try:
        for number, line in enumerate(_piped(), start=1):
            with undisturbed():
                waited_for = conversation.waits_for
                try:
                    conversation.take(line)
                except TestingTrackerError as error:
                    refuse_line(number, str(error))
                else:
                    if said:
                        say(desk, " ".join(said))
                said.clear()
                for code in conversation.left:
                    refuse_line(opened_at, _without_result(code))
                conversation.left.clear()
                if conversation.waits_for != waited_for:
                    opened_at = number
                if conversation.closed:
                    break
    except KeyboardInterrupt:
        refuse_line(number + 1, "Interrupted; this line and those after it were not taken.")
    if conversation.waits_for:
        refuse_line(opened_at, _without_result(conversation.waits_for))
    _close(conversation, partial(say, desk), f" Lines refused: {refused}." if refused else "")
    if refused:
        click.get_current_context().exit(1)


@click.command(LINE, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, metavar="CODE WHAT…", type=click.UNPROCESSED)
@pass_desk
def line_command(desk: Desk, words: tuple[str, ...]) -> None:
    """A line of `log` in place of a command: `A17 n`, `A17@fri coc=320`, `A17 e court date`."""
    from testing_tracker.cli.log_conversation import Conversation

    conversation = Conversation(desk, None, partial(say, desk), asks=False)
    with undisturbed():
        conversation.take(" ".join(words))
    if conversation.waits_for:
        raise TestingTrackerError(_without_result(conversation.waits_for))


def _without_result(code: str) -> str:
    return f"{code} stands there without a result. Nothing was recorded for {code}."


def _piped() -> Iterator[str]:
    """The lines of standard input as they come, whatever ends them and whatever bytes are in them."""
    if sys.stdin is None:
        return
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace", newline=None)
    yield from iter(partial(sys.stdin.readline, LONGEST_TEXT), "")
