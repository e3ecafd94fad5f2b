"""Where participants are reminded: an address a channel, by their written consent of a day, until they take it back.

The address is in its own table alone, and goes from there for good: no act, error or log has it. A digest of it, made
with a salt that goes with it, tells whether another hand changed it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from testing_tracker.chance import salt_of
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.check_in.notices import NoticeChannel
from testing_tracker.rules.keeping.acts import Act
from testing_tracker.rules.serving.delivery_file import ADDRESS
from testing_tracker.services.people.lookup import find_enrolled, find_participant
from testing_tracker.store.queries import id_of, records_of
from testing_tracker.store.tables import AuditEntry, Contact, Notice, Participant
from testing_tracker.store.work import Work

BY_VENDOR = "the recipient has ended them with the vendor"
_TELEPHONE = re.compile(r"\+[1-9][0-9]{7,14}")  # ITU-T E.164
_WANTED = {
    NoticeChannel.MAIL: "one plain address, such as anna@example.org",
    NoticeChannel.TEXT: "the whole number with + and the country's, such as +15550123, 8 to 15 digits",
}
_BLANKS = str.maketrans("", "", " -.()\u00a0")


@dataclass(frozen=True)
class ContactLine:
    """Where a participant is reminded, or was until they took it back. `address` only where it was asked for."""

    channel: NoticeChannel
    consent_on: date | None
    recorded_at: datetime | None = None
    ended_at: datetime | None = None
    address: str | None = None


def address_of(channel: NoticeChannel, given: str) -> str:
    """An address as it is kept. Raises TestingTrackerError for what is none; it does not repeat it."""
    address = given.strip() if channel is NoticeChannel.MAIL else given.translate(_BLANKS)
    pattern = ADDRESS if channel is NoticeChannel.MAIL else _TELEPHONE
    if not pattern.fullmatch(address):
        what = "no address for mail" if channel is NoticeChannel.MAIL else "no telephone number for texts"
        raise TestingTrackerError(f"That is {what}. Give {_WANTED[channel]}.")
    return address


def set_contact(
    work: Work, code: str, given: dict[NoticeChannel, str], consent_on: date, ways: Collection[NoticeChannel]
) -> Participant:
    """Remind a participant at these addresses from now on, in place of those that the channels had.

    `ways` are the channels that the facility has. Raises TestingTrackerError for a day of consent to come, an address
    that is none, and a channel that the facility lacks.
    """
    participant = find_enrolled(work, code)
    if consent_on > work.today:
        raise TestingTrackerError(
            f"{consent_on} is to come. Only with the participant's written consent of a day, today or before."
        )
    addresses = {channel: address_of(channel, address) for channel, address in given.items()}
    for channel in addresses:
        refuse_without(ways, channel)
    for channel, address in addresses.items():
        row = _contact(work, id_of(participant), channel) or Contact(
            participant_id=id_of(participant), channel=channel, address="", address_salt="", consent_on=consent_on
        )
        row.address, row.address_salt, row.consent_on = address, salt_of(address) or "", consent_on
        row.recorded_at, row.recorded_by = work.now, work.account
        work.write(row)
        work.on_record(Act.CONTACT_SET, participant_id=participant.id, channel=channel, consent_on=consent_on)
    return participant


def refuse_without(ways: Collection[NoticeChannel], channel: NoticeChannel) -> None:
    """Raise TestingTrackerError for a channel that the facility has not got."""
    if channel in ways:
        return
    if channel is NoticeChannel.MAIL:
        missing = "[notices] in the check-in file and [mail] in the delivery file say how"
    else:
        missing = "[notices.text] in the check-in file says how"
    raise TestingTrackerError(f"Nothing is sent by {channel} here: {missing}. docs/notices.md has examples.")


def stop(work: Work, code: str, channel: NoticeChannel) -> Participant:
    """Take a consent back, from now on, and forget its address. Raises TestingTrackerError where there is none."""
    participant = find_participant(work, code)
    row = _contact(work, id_of(participant), channel)
    if row is None:
        raise TestingTrackerError(f"{participant.code} is not reminded by {channel}; there is nothing to end.")
    _end(work, row, Act.CONTACT_STOP)
    return participant


def stop_for_vendor(work: Work, participant_id: int, channel: NoticeChannel, address: str) -> None:
    """End what the recipient of an address has ended with the vendor, if it stands: of another one, which was recorded
    meanwhile, nobody has ended anything."""
    row = _contact(work, participant_id, channel)
    if row is not None and row.address == address:
        _end(work, row, Act.CONTACT_STOP, BY_VENDOR)


def forget(work: Work, code: str) -> Participant:
    """Forget every address of a participant's. Raises TestingTrackerError where there is none."""
    participant = find_participant(work, code)
    if not forget_all(work, id_of(participant), None):
        raise TestingTrackerError(f"{participant.code} is reminded nowhere; there is nothing to forget.")
    return participant


def forget_all(work: Work, participant_id: int, reason: str | None) -> int:
    """Forget the addresses of a participant who is not reminded any more; how many there were."""
    rows = work.session.exec(select(Contact).where(Contact.participant_id == participant_id)).all()
    for row in rows:
        _end(work, row, Act.CONTACT_FORGET, reason)
    return len(rows)


def lines_of(work: Work, code: str, *, addresses: bool = False) -> Sequence[ContactLine]:
    """Where a participant is reminded, and which consents have ended, in the order of the channels."""
    participant = find_participant(work, code)
    standing = {row.channel: row for row in standing_contacts(work, [id_of(participant)])}
    found: list[ContactLine] = []
    for channel in NoticeChannel:
        row = standing.get(channel)
        if row is not None:
            shown = row.address if addresses else None
            found.append(ContactLine(channel, row.consent_on, row.recorded_at, address=shown))
        elif (ended := _ended_at(work, id_of(participant), channel)) is not None:
            found.append(ContactLine(channel, None, ended_at=ended))
    return found


def standing_contacts(work: Work, participants: Collection[int] | None = None) -> Sequence[Contact]:
    """The facility's contacts, or those of some participants by id."""
    asked = select(Contact).where(Contact.facility_id == work.facility_id).order_by(col(Contact.id))
    if participants is not None:
        asked = asked.where(col(Contact.participant_id).in_(participants))
    return work.session.exec(asked).all()


def _contact(work: Work, participant_id: int, channel: NoticeChannel) -> Contact | None:
    query = select(Contact).where(Contact.participant_id == participant_id, Contact.channel == channel)
    return work.session.exec(query).first()


def _end(work: Work, row: Contact, act: Act, reason: str | None = None) -> None:
    """Remove a contact and what waits to go there; what has left is a count of what was done today."""
    waiting = select(Notice).where(
        Notice.participant_id == row.participant_id,
        Notice.channel == row.channel,
        col(Notice.handed_over_at).is_(None),
        col(Notice.error).is_(None),
    )
    for notice in work.session.exec(waiting).all():
        work.session.delete(notice)
    work.session.delete(row)
    work.session.flush()
    work.on_record(act, participant_id=row.participant_id, reason=reason, channel=row.channel)


def _ended_at(work: Work, participant_id: int, channel: NoticeChannel) -> datetime | None:
    """When the last consent to a channel ended, of those that the acts on record say."""
    acts = (Act.CONTACT_STOP, Act.CONTACT_FORGET)
    entries = work.session.exec(
        select(AuditEntry)
        .where(col(AuditEntry.participant_id).in_(records_of(participant_id)), col(AuditEntry.act).in_(acts))
        .order_by(col(AuditEntry.id).desc())
    ).all()
    return next((entry.at for entry in entries if f'"channel": "{channel}"' in (entry.detail or "")), None)
