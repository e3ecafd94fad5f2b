"""Reads what a command says of a draw: in the words of the log session, and in no others."""

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.toml_file import FacilityFileError
from testing_tracker.rules.near_words import in_words, nearest
from testing_tracker.rules.testing.analytes import Vocabulary
from testing_tracker.rules.testing.board_line import TO_BE_SAID
from testing_tracker.rules.testing.log_line import (
    WORDS_OF_A_DRAW,
    Entry,
    NoLabelError,
    NotUnderstoodError,
    is_laboratory,
    is_part_of_a_result,
    is_positive,
    read_said,
)
from testing_tracker.rules.words import Outcome


def outcome_said(vocabulary: Vocabulary, text: str) -> Entry:
    """Read `n`, `NEG`, `coc fen`, `p:coc=320`, `i leaked`, `m` or `e court date`.

    A positive may stand alone: its analytes may be said elsewhere. Raises TestingTrackerError for what is none of
    these, with what it may have been meant for.
    """
    if text.strip() == TO_BE_SAID:
        raise TestingTrackerError(
            f"{TO_BE_SAID} stands for what the test said: n for negative, what was found such as coc, or i and why."
        )
    if is_positive(text.strip(" ,;:")):
        return Entry(Outcome.POSITIVE)
    try:
        entry = read_said(vocabulary, text)
        if entry.because and all(is_part_of_a_result(vocabulary, word) for word in entry.because.split()):
            raise TestingTrackerError(f"{entry.what} and {entry.because!r} say two things; give one of them")
        return entry
    except FacilityFileError:
        raise  # the word may be good
    except TestingTrackerError as error:
        near = nearest(text.strip(), WORDS_OF_A_DRAW)
        if near:
            raise TestingTrackerError(f"{text!r} says nothing of a draw. Did you mean {in_words(near)}?") from None
        if isinstance(error, NoLabelError):  # a shell takes what is behind a # for a comment
            raise TestingTrackerError(f"{error.wrong} If it is one, --specimen-id {error.word} says so.") from None
        if isinstance(error, NotUnderstoodError) and is_laboratory(text.split()[0]):
            raise TestingTrackerError(f"{error} The laboratory's name stands behind --lab.") from None
        raise
