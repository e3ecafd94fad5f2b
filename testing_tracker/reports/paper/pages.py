"""Makes web pages from the templates: one file each, without scripts, and with nothing from outside."""

import re
from functools import cache
from typing import TYPE_CHECKING

from testing_tracker.rules.exchange.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment


def page(template: str, **values: object) -> str:
    """A page from a template of this package; what it is given is escaped."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("testing_tracker.reports.paper", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    environment.filters["css_string"] = _css_string
    environment.filters["in_page"] = _in_page
    environment.filters["whole_days"] = _whole_days
    return environment


def _seen(value: object) -> object:
    """A text with nothing in it that a browser obeys and does not show; markup of this program's own as it is."""
    return visible(value) if type(value) is str else value


def _css_string(text: str) -> object:
    """A text within quotes in a style sheet."""
    from markupsafe import Markup

    kept = re.sub(r"[^\w .,:;()+/-]", lambda found: f"\\{ord(found[0]):06x} ", text)
    return Markup(f'"{kept}"')


def _whole_days(text: str) -> object:
    """A text whose days and weeks are not broken at their hyphens, as browsers do."""
    from markupsafe import Markup, escape

    parts = re.split(r"\b(\d{4}-(?:W\d\d|\d\d-\d\d))\b", visible(text))
    around = Markup('<span class="short">{}</span>')
    return Markup("").join(around.format(part) if place % 2 else escape(part) for place, part in enumerate(parts))


def _in_page(svg: str) -> object:
    """A drawing of this program's own as a part of a page, which needs no name of its language."""
    from markupsafe import Markup

    return Markup(re.sub(r' xmlns="[^"]*"', "", svg, count=1))
