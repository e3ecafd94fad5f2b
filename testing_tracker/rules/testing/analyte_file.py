"""Reads a file of analytes and says everything that is wrong with it.

A facility's file may add analytes, and to a shipped one further names, and its own codes, cutoffs, windows and
relations in place of the shipped. It cannot take an analyte or a name away: records on file use them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from testing_tracker.rules.exchange.toml_file import TomlFile, flag, list_of
from testing_tracker.rules.testing.analyte_table import (
    EITHER,
    Analyte,
    AnalyteTable,
    Code,
    Cutoff,
    Explains,
    Window,
    bare,
)
from testing_tracker.rules.testing.sources import Source, read_source, read_sources, read_verified
from testing_tracker.rules.words import SPECIMENS, USUAL_UNIT, Method

LIMITS = "limits"
_RESERVED = ("sources", LIMITS)  # tables of a facility's file that are no analytes

_KEYS = ("title", "also", "prescribed", "class", "loinc", "cutoff", "window", "explains")
_OF_THE_SHIPPED = ("title", "prescribed", "class")
_SAID_OF_SOURCE = ("source", "edition", "verified")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_UNIT = re.compile(r"[A-Za-zµ]+/[A-Za-z]+")
_AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,6})?")
_LOINC = re.compile(r"\d{1,7}-\d")


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
