"""Puts on record that something left the program, and looks up names where they were asked for."""

from sqlmodel import Session, select

from testing_tracker.acting import Acting
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.store import audit
from testing_tracker.store.tables import Participant


def record_export(
    session: Session,
    acting: Acting,
    report: str,
    form: str,
    *,
    to_file: bool,
    of: str,
    names: bool = False,
    participant_id: int | None = None,
) -> None:
    """An export: which report, in which form, `of` which weeks or days, with names or not, and whether into a file."""
    to = "file" if to_file else "standard output"
    audit.record(
        session,
        acting,
        Act.REPORT_EXPORT,
        participant_id=participant_id,
        report=report,
        form=form,
        to=to,
        of=of,
        names=names,
    )
    session.flush()


def names_shown(session: Session, acting: Acting) -> dict[str, str | None]:
    """The participants' names by code. Showing names is an act on the audit record."""
    audit.record(session, acting, Act.NAMES_SHOW)
    session.flush()
    query = select(Participant.code, Participant.name).where(Participant.facility_id == acting.facility_id)
    return dict(session.exec(query).all())
