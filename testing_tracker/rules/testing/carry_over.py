"""Whether a positive test may still show an earlier use.

An analyte can be found for days after a use, and some for weeks: cannabinoids, fentanyl after lasting use, long-acting
benzodiazepines. A further positive within that time need not be a new use, and is no reason by itself for more
immersive care. Windows of detection are rough and never proof, so the last day of one counts as inside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from testing_tracker.rules.testing.analytes import Vocabulary


@dataclass(frozen=True)
class Found:
    """What a positive test found: each analyte with its longest window of detection in that specimen, in whole days.

    None stands for a window that nobody knows; such a finding always counts.
    """

    draw_id: int
    on: date
    windows: Mapping[str, int | None]


def same_uses(vocabulary: Vocabulary, tests: Iterable[Found]) -> dict[int, tuple[Found, ...]]:
    """The tests that may show no new use, by draw, each with the earlier tests that showed that use; oldest first.

    `tests` are all that a participant's tests found. One is carried over when all that it found was found by earlier
    tests that counted, inside the window; one further analyte, and it counts in full. Windows run from the test that
    counted, never from one that was itself carried over: or somebody who uses every month would have used only once.
    A class and its members are one use, and so are a substance and what the body makes of it: what a test found was
    found by an earlier one also under such a name.
    """
    showed: dict[str, Found] = {}
    carried_over: dict[int, tuple[Found, ...]] = {}
    for test in sorted(tests, key=lambda test: (test.on, test.draw_id)):
        may_be = ((analyte, _shown_by(vocabulary, test, analyte, showed)) for analyte in test.windows)
        earlier = {analyte: found for analyte, found in may_be if found is not None}
        if test.windows and len(earlier) == len(test.windows):
            by_draw = {found.draw_id: found for found in earlier.values()}
            carried_over[test.draw_id] = tuple(sorted(by_draw.values(), key=lambda found: (found.on, found.draw_id)))
        for analyte in test.windows.keys() - earlier.keys():
            showed[analyte] = test
    return carried_over


def _shown_by(vocabulary: Vocabulary, test: Found, analyte: str, showed: Mapping[str, Found]) -> Found | None:
    """The latest test before that may have shown the use of an analyte, inside its window."""
    window = test.windows[analyte]
    if window is None:
        return None
    names = [name for name in showed if vocabulary.may_show_same_use(analyte, name)]
    inside = [name for name in names if test.on - showed[name].on <= timedelta(days=window)]
    if not inside:
        return None
    return max((showed[name] for name in inside), key=lambda found: (found.on, found.draw_id))
