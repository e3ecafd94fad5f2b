"""Reads a file of analytes and says everything that is wrong with it, and the names that reports and cups print.

A facility's file may add analytes, and to a shipped one further names, and its own codes, cutoffs, windows and
relations in place of the shipped. It cannot take an analyte or a name away: records on file use them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from testing_tracker.rules.exchange.toml_file import TomlFile, flag, list_of
from testing_tracker.rules.testing.sources import HowVerified, Source, read_source, read_sources, read_verified
from testing_tracker.rules.words import SPECIMENS, USUAL_UNIT, Method

_MOST_CLOSE = 12  # names; an analyte has several
LIMITS = "limits"
_RESERVED = ("sources", LIMITS)  # tables of a facility's file that are no analytes
EITHER = "either"  # the LOINC code of a test that does not say its method

_KEYS = ("title", "also", "prescribed", "class", "loinc", "cutoff", "window", "explains")
_OF_THE_SHIPPED = ("title", "prescribed", "class")
_SAID_OF_SOURCE = ("source", "edition", "verified")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_UNIT = re.compile(r"[A-Za-zµ]+/[A-Za-z]+")
_AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,6})?")
_LOINC = re.compile(r"\d{1,7}-\d")

# What says how or in what was tested, and not what was looked for.
_AROUND = re.compile(
    r"\b(?:urine|ur|saliva|oral|fluid|screen(?:ing)?|scrn|test|conf(?:irm(?:ed|ation|atory)?)?|"
    r"qual(?:itative)?|quant(?:itative)?|presumptive|definitive)\b"
)
_BY = re.compile(r"\bby\b.*|\b(?:lc|gc)[\s/-]*ms(?:[\s/-]*ms)?\b")
_AMOUNT_WITH_UNIT = re.compile(r"(?:(?<=\s)|(?<=[a-z)]))\d+(?:\.\d+)?\s*(?:[nmuµ]|mc|p)?g\s*/\s*[md]l\s*$")
# The cutoff behind the name. Cutoffs are round numbers: the MAM-2201 of a laboratory is no 6-MAM from 2201 ng/mL on.
_CUTOFF = re.compile(r"(?:(?<=[a-z])|(?<=\s))(?:\d{0,3}[05]|\d{1,2}00)\s*$")
_PARTS = re.compile(r"[(),;/\[\]]")
_NO_DIFFERENCE = re.compile(r"[\s._-]")


@dataclass(frozen=True)
class Window:
    """For how many days after a use a test of a specimen can be positive, and who says so.

    A rough range and never proof. `low_days` is None where the source only says "up to".
    """

    low_days: float | None
    high_days: float
    source: str
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED

    @property
    def whole_days(self) -> tuple[int, ...]:
        """The ends of the range as days on which a test finds the use, the day of the use being the first.

        Rounded down, which is the cautious side, but never below the day itself.
        """
        ends = [days for days in (self.low_days, self.high_days) if days is not None]
        return tuple(dict.fromkeys(max(1, int(days)) for days in ends))


@dataclass(frozen=True)
class Cutoff:
    """From which amount on a test counts as positive, and who says so."""

    amount: Decimal
    unit: str
    source: str
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED


@dataclass(frozen=True)
class Code:
    """The LOINC code of a test, and where it was seen."""

    code: str
    source: str
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED


@dataclass(frozen=True)
class Explains:
    """What a prescription makes positive besides itself, and who says so."""

    metabolites: tuple[str, ...] = ()
    class_tests: tuple[str, ...] = ()
    source: str | None = None
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED


@dataclass(frozen=True)
class Analyte:
    """An analyte as the files describe it. `loinc` is by method or EITHER, of urine tests.

    `is_class`: it is the name of a class test and of no substance.
    """

    name: str
    title: str
    also: tuple[str, ...] = ()
    is_own: bool = False
    can_be_prescribed: bool = True
    is_class: bool = False
    loinc: Mapping[str, Code] = field(default_factory=dict)
    cutoffs: Mapping[tuple[str, Method], Cutoff] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    explains: Explains = Explains()


@dataclass(frozen=True)
class AnalyteTable:
    """Every analyte by its name, and the name by everything that people call it (as `bare` makes it)."""

    analytes: Mapping[str, Analyte]
    by_any_name: Mapping[str, str]

    def described(self, name: str) -> Analyte:
        """All that is known of an analyte; of one that nobody knows any more its name."""
        return self.analytes.get(name) or Analyte(name, name)

    def meant_by(self, text: str) -> list[str]:
        """The analytes that a text names, in alphabetical order; none where any part of it is not known."""
        return sorted(names_meant(text, self.by_any_name))

    def is_called(self, text: str) -> bool:
        """Whether an analyte has this very name."""
        return bare(text) in self.by_any_name

    def close_to(self, text: str) -> list[str]:
        """The analytes that a text that names none may have meant, the closest first."""
        from testing_tracker.rules.near_words import nearest  # most names are known

        return list(dict.fromkeys(self.by_any_name[key] for key in nearest(bare(text), self.by_any_name, _MOST_CLOSE)))


def bare(name: str) -> str:
    """A name without what makes no difference: case, blanks, dots, hyphens, underscores."""
    return _NO_DIFFERENCE.sub("", name.casefold())


def names_meant(text: str, known: Mapping[str, str]) -> frozenset[str]:
    """The analytes that a text names, by the vocabulary's own names; none where any part of it is not known.

    `known` has the vocabulary's name by every other one, as `bare` makes them.
    """
    whole = known.get(bare(text))
    if whole is not None:
        return frozenset({whole})
    meant = set()
    for part in _PARTS.split(_without_amount(_BY.sub("", text.casefold()).rstrip())):
        name = _name_in(part, known)
        if name is None:
            return frozenset()
        if name:
            meant.add(name)
    return frozenset(meant)


def _name_in(part: str, known: Mapping[str, str]) -> str | None:
    """The analyte that a part names; empty where it only says how was tested, None where nobody knows it."""
    rest = " ".join(word for word in _without_cutoff(part, known).split() if not _AROUND.fullmatch(word))
    key = bare(rest)
    return known.get(key) if key else ""


def _without_cutoff(part: str, known: Mapping[str, str]) -> str:
    return part if bare(part) in known else _CUTOFF.sub("", _without_amount(part.rstrip()))


def _without_amount(text: str) -> str:
    return _AMOUNT_WITH_UNIT.sub("", text) if "/" in text else text  # few have one, and many codes are asked about


def shipped_document(name: str) -> dict[str, object]:
    """A file of numbers that comes with the program."""
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def read_table(document: Mapping[str, Any], shipped: AnalyteTable | None = None) -> tuple[AnalyteTable, list[str]]:
    """The analytes of a file, on top of the shipped one for a facility's; and every problem, a line each."""
    reader = _Reader(document, shipped)
    return reader.table(), reader.problems


class _Reader(TomlFile):
    """Takes analytes out of the document. What is wrong becomes a problem and is left out."""

    def __init__(self, document: Mapping[str, Any], shipped: AnalyteTable | None) -> None:
        super().__init__(document)
        self.is_own = shipped is not None
        self.analytes = dict(shipped.analytes) if shipped else {}
        self.by_any_name = dict(shipped.by_any_name) if shipped else {}
        self.shipped_names = frozenset(self.analytes)
        self.sources: dict[str, Source] = {}

    def table(self) -> AnalyteTable:
        try:
            self.sources = read_sources(self.document)
        except ValueError as error:
            self.problems.append(f"sources: {error}")
        entries = {name: entry for name, entry in self.document.items() if name not in _RESERVED}
        good = {name: entry for name, entry in entries.items() if self._is_good_name(name, entry)}
        for name, entry in good.items():
            self._refuse_unknown_keys(name, entry)
            self._add(name, entry)
        for name, entry in good.items():
            self._relate(name, entry)
        return AnalyteTable(self.analytes, self.by_any_name)

    def _is_good_name(self, name: str, entry: object) -> bool:
        """Whether an analyte may have this name; if so it is taken."""
        holder = self.by_any_name.get(bare(name))
        if not isinstance(entry, dict):
            self.problems.append(f"{name}: unknown; an analyte is a table that begins with [{name}]")
        elif name in self.shipped_names:
            return True
        elif _NAME.fullmatch(name) is None:
            self.problems.append(f"{name}: not a name; write small letters, digits and hyphens, at most 40")
        elif holder is not None and holder in self.shipped_names:
            self.problems.append(f"{name}: is {holder} already; write [{_key(holder)}], or choose another name")
        elif holder is not None:
            self.problems.append(f"{name}: is the same as {holder}; write one of them")
        else:
            self.by_any_name[bare(name)] = name
            return True
        return False

    def _refuse_unknown_keys(self, name: str, entry: Mapping[str, Any]) -> None:
        for key in entry:
            if key not in _KEYS:
                self.problems.append(f"{name}.{key}: unknown; an analyte has {', '.join(_KEYS)}")
            elif key in _OF_THE_SHIPPED and name in self.shipped_names:
                self.problems.append(f"{name}.{key}: comes with the program and stays; remove the line")

    def _add(self, name: str, entry: Mapping[str, Any]) -> None:
        known = self.analytes.get(name)
        if known is None:
            title = entry.get("title")
            if not isinstance(title, str) or not title.strip():
                self.problems.append(f'{name}.title: must be a line of text, such as title = "{name.capitalize()}"')
            known = Analyte(name, str(title), is_own=self.is_own)
        self.analytes[name] = replace(
            known,
            can_be_prescribed=self.value(f"{name}.prescribed", known.can_be_prescribed, flag, "true or false"),
            is_class=self.value(f"{name}.class", known.is_class, flag, "true or false"),
            also=(*known.also, *self._also(name)),
            loinc={**known.loinc, **dict(self._loinc(name, entry.get("loinc", {})))},
            cutoffs={**known.cutoffs, **dict(self._cutoffs(known, entry.get("cutoff", {})))},
            windows={**known.windows, **dict(self._windows(name, entry.get("window", {})))},
        )

    def _also(self, name: str) -> Iterator[str]:
        wanted = f'a list of names, such as also = ["{name[:3]}"]'
        names: tuple[str, ...] = self.value(f"{name}.also", (), _names, wanted)
        for one in names:
            holder = self.by_any_name.setdefault(bare(one), name)
            if holder == name:
                yield one
            else:
                self.problems.append(f"{name}.also: {one!r} is a name of {holder}; remove it")

    def _loinc(self, name: str, codes: object) -> Iterator[tuple[str, Code]]:
        wanted = (*(str(method) for method in Method), EITHER)
        place = f"{name}.loinc"
        said = dict(self._facts(place, codes, wanted))
        source = self._source(place, codes) if isinstance(codes, dict) and said else None
        for key, code in said.items():
            if not isinstance(code, str) or not _LOINC.fullmatch(code) or _check_digit(code[:-2]) != code[-1]:
                self.problems.append(f"{place}.{key}: {code!r} is no LOINC code; copy it with its check digit")
            elif source is not None:
                yield key, Code(code, source.words, source.edition, source.verified)

    def _cutoffs(self, known: Analyte, tables: object) -> Iterator[tuple[tuple[str, Method], Cutoff]]:
        for specimen, table in self._of_specimens(f"{known.name}.cutoff", tables):
            place = f"{known.name}.cutoff.{specimen}"
            unit = table.get("unit", _unit_of(known, specimen))
            if not isinstance(unit, str) or _UNIT.fullmatch(unit) is None:
                self.problems.append(f'{place}.unit: must be a unit such as "ng/mL"')
                continue
            source = self._source(place, table)
            for key, said in self._facts(place, table, tuple(Method), ("unit",)):
                amount = _amount(said)
                if amount is None:
                    self.problems.append(f'{place}.{key}: must be an amount over 0 in quotes, such as "50" or "0.5"')
                elif source is not None:
                    yield (specimen, Method(key)), Cutoff(amount, unit, source.words, source.edition, source.verified)

    def _windows(self, name: str, tables: object) -> Iterator[tuple[str, Window]]:
        for specimen, table in self._of_specimens(f"{name}.window", tables):
            place = f"{name}.window.{specimen}"
            days = dict(self._facts(place, table, ("low_days", "high_days")))
            low, high = days.get("low_days"), days.get("high_days")
            if high is None or not _is_positive(high) or not (low is None or _is_positive(low)):
                self.problems.append(f"{place}: high_days, and low_days if any, must be numbers of days over 0")
            elif low is not None and low > high:
                self.problems.append(f"{place}.low_days: {low} is more than high_days {high}; write the smaller first")
            else:
                source = self._source(place, table)
                if source is not None:
                    yield specimen, Window(low, high, source.words, source.edition, source.verified)

    def _relate(self, name: str, entry: Mapping[str, Any]) -> None:
        """What a prescription explains; read last, when every name is known."""
        table = entry.get("explains")
        if table is None:
            return
        place = f"{name}.explains"
        facts = dict(self._facts(place, table, ("metabolites", "class_tests")))
        related = {key: tuple(self._known(f"{place}.{key}", names)) for key, names in facts.items()}
        source = self._source(place, table) if facts else None
        explains = Explains(related.get("metabolites", ()), related.get("class_tests", ()))
        if source is not None:
            explains = replace(explains, source=source.words, edition=source.edition, verified=source.verified)
        self.analytes[name] = replace(self.analytes[name], explains=explains)

    def _known(self, place: str, names: object) -> Iterator[str]:
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            self.problems.append(f"{place}: must be a list of analytes")
            return
        for one in names:
            if bare(one) in self.by_any_name:
                yield self.by_any_name[bare(one)]
            else:
                self.problems.append(f"{place}: {one!r} is no analyte; `analyte list` has them, or add it to this file")

    def _of_specimens(self, place: str, tables: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for specimen, table in self._facts(place, tables, SPECIMENS, ()):
            if isinstance(table, dict):
                yield specimen, table
            else:
                self.problems.append(f"{place}.{specimen}: must be a table such as [{place}.{specimen}]")

    def _facts(
        self, place: str, table: object, keys: tuple[str, ...], also: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, Any]]:
        """The keys of a table that state a fact; others than those that say more of it are problems."""
        if not isinstance(table, dict):
            self.problems.append(f"{place}: must be a table such as [{place}]")
            return
        for key, value in table.items():
            if key in keys:
                yield key, value
            elif key not in also and key not in _SAID_OF_SOURCE:
                self.problems.append(f"{place}.{key}: unknown; it has {', '.join((*keys, *also))} and source")

    def _source(self, place: str, table: Mapping[str, Any]) -> Source | None:
        try:
            read_verified(table.get("verified", "unverified"))
            return read_source(table, self.sources)
        except ValueError as error:
            self.problems.append(f"{place}.source: {error}")
            return None


def _names(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    names = tuple(list_of(value, str))
    if not all(map(bare, names)):
        raise ValueError
    return names


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _unit_of(known: Analyte, specimen: str) -> str:
    for (kind, _), cutoff in known.cutoffs.items():
        if kind == specimen:
            return cutoff.unit
    return USUAL_UNIT


def _amount(said: object) -> Decimal | None:
    """An amount without rounding: text, or a whole number. A TOML number with a point has been rounded already."""
    if isinstance(said, bool) or not isinstance(said, str | int) or _AMOUNT.fullmatch(str(said)) is None:
        return None
    try:
        amount = Decimal(str(said))
    except InvalidOperation:
        return None
    return amount if amount > 0 else None


def _is_positive(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and 0 < number < 1000


def _check_digit(number: str) -> str:
    """The check digit of a LOINC code (mod 10, as Regenstrief describes it)."""
    doubled = str(int(number[::-1][::2][::-1]) * 2)
    total = sum(int(digit) for digit in number[::-1][1::2] + doubled)
    return str(-total % 10)
