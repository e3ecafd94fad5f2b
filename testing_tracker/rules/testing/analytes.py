"""What a test can look for, the names that people use for it, and what is known of it.

The vocabulary is what ships with the program, with the facility's own file on top. A name that stands in a record stays
good when the facility's file that brought it is gone: nothing is known of it then but its name. What reads the files is
loaded when something first asks for an analyte: every transaction has a vocabulary, and few ask it.
"""

from collections.abc import Callable, Iterable
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.toml_file import FacilityFile, FacilityFileError
from testing_tracker.rules.near_words import in_words
from testing_tracker.rules.words import Method

if TYPE_CHECKING:
    from testing_tracker.rules.testing.analyte_table import Analyte, AnalyteTable, Cutoff, Window
    from testing_tracker.rules.testing.specimen_limits import SpecimenLimits


_MOST_NEAR = 3


class UnknownAnalyteError(TestingTrackerError):
    """A name that stands for no analyte of the vocabulary."""


class Vocabulary:
    """Every analyte by its name, and by everything that people call it; and the limits that classify a specimen.

    `find` looks for the facility's own file, None where it has none. It is asked when something first asks for an
    analyte or a limit, and until it has come to an end once. Where the file cannot be used, all methods that need it
    raise FacilityFileError.
    """

    def __init__(self, find: Callable[[], FacilityFile | None] = lambda: None) -> None:
        self._find = find

    @cached_property
    def _own(self) -> FacilityFile | None:
        return self._find()

    @cached_property
    def _table(self) -> "AnalyteTable":
        return _shipped() if self._own is None else _with(self._own)

    @property
    def names(self) -> tuple[str, ...]:
        """The vocabulary's own names, in alphabetical order."""
        return tuple(sorted(self._table.analytes))

    def knows(self, name: str) -> bool:
        """Whether `named` has an answer. Nothing near is looked for, which takes a thousand times as long."""
        return len(self._table.meant_by(name)) == 1

    def named(self, name: str) -> str:
        """The vocabulary's own name for what a person calls `COC` or `6-MAM`, or a report `Opiates Screen, Urine`.

        Raises UnknownAnalyteError, naming those that are near, and what lists them all.
        """
        meant = self._table.meant_by(name)
        if len(meant) > 1:
            raise UnknownAnalyteError(f"{name!r} names {' and '.join(meant)}; name the one that was found")
        if not meant:
            near = self.near(name)
            known = f"did you mean {in_words(near)}? " if near else ""
            raise UnknownAnalyteError(f"{name!r} is not an analyte; {known}`testing-tracker analyte list` has them all")
        return meant[0]

    def has_name(self, name: str) -> bool:
        """Whether an analyte is called so, without anything around it, such as the cutoff in `COC 300`."""
        return self._table.is_called(name)

    def near(self, name: str) -> list[str]:
        """At most three analytes that a name that is none may have meant, the nearest first."""
        return self._table.close_to(name)[:_MOST_NEAR]

    def described(self, analyte: str) -> "Analyte":
        """All that is known of an analyte, by the vocabulary's own name, here and below."""
        return self._table.described(analyte)

    def window_of(self, analyte: str, specimen: str) -> "Window | None":
        """The window of detection of an analyte in a specimen; None where none is known."""
        return self.described(analyte).windows.get(specimen)

    def longest_window_days(self, analyte: str, specimen: str) -> int | None:
        """For how many whole days a test can still show a use, lasting use included; None where nothing is known.

        Hours round down: 0 days means that the next day's test shows another use.
        """
        window = self.window_of(analyte, specimen)
        return None if window is None else int(window.high_days)

    def cutoff_of(self, analyte: str, specimen: str, method: Method) -> "Cutoff | None":
        """From which amount on a test of this kind is positive; None where no source gives one."""
        return self.described(analyte).cutoffs.get((specimen, method))

    def can_be_prescribed(self, analyte: str) -> bool:
        """Whether a prescription can be what explains it: heroin's metabolite never is."""
        return self.described(analyte).can_be_prescribed

    def explained_by(self, prescribed: Iterable[str]) -> frozenset[str]:
        """Every analyte that a prescription of these can make positive.

        Itself, what the body makes of it, and the class tests that react to any of these. Only what is known and sure:
        explaining too much would hide a use, explaining too little would accuse a patient.
        """
        return self.shown_by(filter(self.can_be_prescribed, prescribed))

    def also_explained_by(self, analyte: str) -> list[str]:
        """The other analytes that a prescription of one can make positive, in alphabetical order."""
        return sorted(self.explained_by([analyte]) - {analyte})

    def explained_in_prescriptions(self, analyte: str) -> tuple[str, ...]:
        """The other analytes whose prescription explains this one, in alphabetical order."""
        return tuple(other for other in self.names if other != analyte and analyte in self.explained_by([other]))

    def shown_by(self, used: Iterable[str]) -> frozenset[str]:
        """Every analyte that a use of these can make positive, prescribed or not; as `explained_by`."""
        taken: set[str] = set()
        class_tests: set[str] = set()
        waiting = list(used)
        while waiting:
            analyte = waiting.pop()
            if analyte not in taken:
                taken.add(analyte)
                explains = self.described(analyte).explains
                class_tests.update(explains.class_tests)
                waiting += explains.metabolites
        return frozenset(taken | class_tests)

    def may_show_same_use(self, analyte: str, earlier: str) -> bool:
        """Whether what a test finds may come of the same use as what an earlier one found.

        It is the same analyte, a metabolite or class test of the earlier one, or a member of the class that it was.
        """
        return analyte in self.shown_by([earlier]) or earlier in self.described(analyte).explains.class_tests

    def members_of(self, class_test: str) -> frozenset[str]:
        """The analytes to which a class test reacts, such as opiates; none where it is a substance, as oxycodone is."""
        if not self.described(class_test).is_class:
            return frozenset()
        table = self._table.analytes
        return frozenset(name for name, analyte in table.items() if class_test in analyte.explains.class_tests)

    def limits_of(self, kind: str) -> "SpecimenLimits | None":
        """The limits of a kind of specimen; None where there are none."""
        from testing_tracker.rules.testing.specimen_limits import all_limits  # most commands measure nothing

        return all_limits(self._own).get(kind)


SHIPPED = Vocabulary()


def problems_of(file: FacilityFile) -> list[str]:
    """Everything that is wrong with the analytes and the limits of a facility's file, a line each."""
    from testing_tracker.rules.testing.analyte_file import read_table
    from testing_tracker.rules.testing.specimen_limits import read_limits

    try:
        problems = [*read_table(file.document, _shipped())[1], *read_limits(file.document)[1]]
    except FacilityFileError as error:
        return error.problems
    return FacilityFileError(file.name, problems).problems


@lru_cache(maxsize=4)
def _with(own: FacilityFile) -> "AnalyteTable":
    from testing_tracker.rules.testing.analyte_file import read_table

    table, problems = read_table(own.document, _shipped())
    if problems:
        raise FacilityFileError(own.name, problems)
    return table


@cache
def _shipped() -> "AnalyteTable":
    from testing_tracker.rules.testing.analyte_file import read_table, shipped_document

    table, problems = read_table(shipped_document("analytes.toml"))
    assert not problems, problems
    return table
