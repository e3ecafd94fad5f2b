"""Where a number comes from: who says so, in which edition, and how well that was checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class HowVerified(StrEnum):
    """How a fact was checked: in the primary text, in a secondary source only, or not at all."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


_SAID = {HowVerified.PRIMARY: "", HowVerified.SECONDARY: " (read second-hand)", HowVerified.UNVERIFIED: " (unverified)"}


@dataclass(frozen=True)
class Source:
    """Who says something; `edition` is None where none is known."""

    title: str
    edition: str | None = None
    verified: HowVerified = HowVerified.UNVERIFIED

    @property
    def words(self) -> str:
        """The source for a person, who is told unless the primary text was read."""
        return f"{self.title}{_SAID[self.verified]}"


def together(sources: Sequence[Source]) -> Source:
    """Several sources of one fact as one, which was checked no better than the worst of them."""
    editions = [source.edition for source in sources if source.edition]
    return Source(
        "; ".join(source.title for source in sources),
        "; ".join(editions) or None,
        max((source.verified for source in sources), key=list(HowVerified).index),
    )


def read_source(entry: Mapping[str, object], known: Mapping[str, Source]) -> Source:
    """The source that an entry names under `source`: by the key of a known one, several, or in words of its own, with
    `edition` and `verified` beside. Raises ValueError."""
    said = entry.get("source")
    if isinstance(said, list) and said:
        if any(one not in known for one in said):
            raise ValueError(f"a list names sources of this file: {', '.join(known)}")
        return together([known[one] for one in said])
    if not isinstance(said, str) or not said.strip():
        raise ValueError('missing; say where it comes from, such as source = "our laboratory"')
    if said in known:
        return known[said]
    edition = entry.get("edition")
    if edition is not None and not isinstance(edition, str):
        raise ValueError("edition must be text")
    return Source(said.strip(), edition, read_verified(entry.get("verified", HowVerified.UNVERIFIED)))


def read_verified(value: object) -> HowVerified:
    """How a fact was checked. Raises ValueError."""
    if value not in tuple(HowVerified):
        raise ValueError(f"verified must be one of {', '.join(HowVerified)}")
    return HowVerified(str(value))


def read_sources(document: Mapping[str, object]) -> dict[str, Source]:
    """The sources under `[sources.KEY]` of a file. Raises ValueError."""
    tables = document.get("sources", {})
    if not isinstance(tables, dict):
        raise ValueError("must be tables such as [sources.our-laboratory]")
    sources = {}
    for key, entry in tables.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("title"), str):
            raise ValueError(f'{key} needs a title, such as title = "Our laboratory"')
        sources[key] = read_source({**entry, "source": entry["title"]}, {})
    return sources
