"""The forms that a weekly report can have, each loaded when it is asked for."""

from collections.abc import Callable
from io import StringIO
from typing import IO, TextIO

from testing_tracker.reports.weekly.printing import Printed
from testing_tracker.reports.weekly.table import Screen, write_table
from testing_tracker.reports.weekly.text import write_csv, write_json

TEXT_FORMS = ("table", "csv", "json")
PAGE_FORMS = ("html", "pdf")
FORMS = (*TEXT_FORMS, *PAGE_FORMS)


def write(printed: Printed, form: str, file: IO[bytes]) -> None:
    """Write a report in one of the forms; text is in UTF-8."""
    if form in PAGE_FORMS:
        file.write(_page(printed, form))
        return
    from io import TextIOWrapper

    text = TextIOWrapper(file, encoding="utf-8", newline="")
    write_text(printed, form, text)
    text.flush()
    text.detach()


def write_text(printed: Printed, form: str, file: TextIO, screen: Screen | None = None) -> None:
    """Write a report in a form that is text, html included."""
    writers: dict[str, Callable[[Printed, TextIO], None]] = {"csv": write_csv, "json": write_json}
    if form == "table":
        write_table(printed, file, screen)
    elif form in writers:
        writers[form](printed, file)
    else:
        file.write(_page(printed, form).decode())


def as_bytes(printed: Printed, form: str) -> bytes:
    """A report in one of the forms, as it is in a file."""
    if form in PAGE_FORMS:
        return _page(printed, form)
    text = StringIO(newline="")
    write_text(printed, form, text)
    return text.getvalue().encode()


def _page(printed: Printed, form: str) -> bytes:
    if form == "html":
        from testing_tracker.reports.weekly.pages import weekly_html

        return weekly_html(printed).encode()
    from testing_tracker.reports.weekly.pages import weekly_pdf

    return weekly_pdf(printed)
