"""Reads a result against what the participant is prescribed.

Three things can be said: what prescriptions explain, what they do not, and what is prescribed and should have been
found but was not. The last one has many innocent causes, so it is said only where the test finds the medicine reliably;
a doubt is never put on the participant's record as an absence.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from testing_tracker.rules.testing.analytes import Vocabulary

# Names that stand for many medicines, of which the test by the same name misses some: a negative says nothing. For
# benzodiazepines that is clonazepam, alprazolam and lorazepam (Am Fam Physician 2019;99:33-39, read second-hand). That
# a screen for tricyclics misses a low dose is unverified; it stands here because that errs on the participant's side.
_TEST_MISSES_SOME = frozenset({"benzodiazepine", "opioids", "sedatives", "tricyclics"})

# Class tests that are made for a medicine of another name and find it reliably (HHS Authorized Testing Panels, 90 FR
# 4662: one initial test for morphine and codeine, one for oxycodone and oxymorphone). That a class test may react to a
# medicine, which is enough to explain a positive, is not enough here: an opiates screen may miss fentanyl, methadone
# and the semi-synthetics (Am Fam Physician, as above). The last three are tests for what the body makes of a medicine.
_ALSO_FOUND_BY = {
    "codeine": "opiates",
    "morphine": "opiates",
    "oxymorphone": "oxycodone",
    "buprenorphine": "norbuprenorphine",
    "fentanyl": "norfentanyl",
    "methadone": "eddp",
}


@dataclass(frozen=True)
class Interpretation:
    """A result as prescriptions explain it; analytes by the vocabulary's names, in alphabetical order.

    `expected` were found and are explained, `unexpected` were found and are not, `absent` are prescribed, and the test
    would have found them.
    """

    expected: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @classmethod
    def from_text(cls, expected: str, unexpected: str, absent: str) -> "Interpretation":
        """A reading as it is kept on record, each part `;`-separated."""
        return cls(*(tuple(part.split(";")) if part else () for part in (expected, unexpected, absent)))

    @property
    def is_explained(self) -> bool:
        """Whether something was found, and prescriptions explain all of it."""
        return bool(self.expected) and not self.unexpected


def interpret(
    vocabulary: Vocabulary, found: Iterable[str], looked_for: Iterable[str], prescribed: Iterable[str]
) -> Interpretation:
    """Read what a valid test found and what it looked for against the analytes prescribed on its day.

    All by the vocabulary's names. A test of which nobody knows what it looked for (nothing) shows no absence.
    """
    found, looked_for = frozenset(found), frozenset(looked_for)
    prescribed = frozenset(filter(vocabulary.can_be_prescribed, prescribed))
    explained = vocabulary.explained_by(prescribed)
    absent = (one for one in prescribed if _found_by(one) & looked_for and not vocabulary.explained_by([one]) & found)
    return Interpretation(
        expected=tuple(sorted(found & explained)),
        unexpected=tuple(sorted(found - explained)),
        absent=tuple(sorted(absent)),
    )


def _found_by(prescribed: str) -> frozenset[str]:
    """The tests whose negative says that a medicine is not there: its own, and a class test made for it."""
    if prescribed in _TEST_MISSES_SOME:
        return frozenset()
    return frozenset({prescribed, _ALSO_FOUND_BY.get(prescribed, prescribed)})
