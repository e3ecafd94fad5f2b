"""What the acts on the audit table, and the details of their entries, are called for people."""

import json
from collections.abc import Mapping

from testing_tracker.rules.keeping.acts import Act

SAID: Mapping[str, str] = {
    Act.PARTICIPANT_ADD: "enrolled",
    Act.PARTICIPANT_READMIT: "enrolled again",
    Act.PARTICIPANT_LEAVE: "leave begun",
    Act.PARTICIPANT_RETURN: "leave ended",
    Act.PARTICIPANT_DISCHARGE: "discharged",
    Act.PARTICIPANT_CANCEL: "enrolment cancelled",
    Act.PARTICIPANT_RENAME: "code or name corrected",
    Act.PARTICIPANT_JOIN: "records joined",
    Act.PARTICIPANT_SET_SCHEDULE: "schedule changed",
    Act.PARTICIPANT_TRANSFER: "transferred",
    Act.NAMES_SHOW: "names shown",
    Act.STAFF_ADD: "staff added",
    Act.STAFF_REMOVE: "staff removed",
    Act.ACCESS_DENIED: "refused by the staff list",
    Act.SCHEDULE_LOAD: "schedule loaded",
    Act.SCHEDULE_TAKE_BACK: "schedule taken back",
    Act.NIGHT_RUN: "night done",
    Act.NIGHT_ADD_NEWCOMERS: "newcomers added to the night",
    Act.NIGHT_GAP: "gap of nights passed over",
    Act.NIGHT_TAKE_BACK: "night taken back",
    Act.DRAW_TAKE_BACK: "draw taken back with its night",
    Act.KEY_CREATE: "key made",
    Act.KEY_COPY: "key copied",
    Act.KEY_ACKNOWLEDGE: "loss acknowledged",
    Act.PROOF_WRITE: "proof written",
    Act.DRAW_ORDER: "test ordered",
    Act.DRAW_RECORD: "draw recorded afterwards",
    Act.DRAW_TRIED: "came and could not give a specimen",
    Act.DRAW_DUE: "draw due again",
    Act.DRAW_COLLECTED: "specimen collected",
    Act.DRAW_MISSED: "missed",
    Act.DRAW_REFUSED: "refused",
    Act.DRAW_EXCUSED: "excused",
    Act.DRAW_CANCELLED: "cancelled, not to be given",
    Act.DRAW_UNRECORDED: "draw left unrecorded",
    Act.RESULT_LOG: "result logged",
    Act.RESULT_AMEND: "result amended",
    Act.RESULT_READ_AGAIN: "reading of a result changed",
    Act.LOG_UNDO: "line of log undone",
    Act.SPECIMEN_CORRECT: "specimen corrected",
    Act.SPECIMEN_MOVE: "specimen moved to another draw",
    Act.SPECIMEN_WITHDRAW: "specimen taken back",
    Act.SPECIMEN_HAND_OVER: "specimen handed over",
    Act.PRESCRIPTION_ADD: "prescription added",
    Act.PRESCRIPTION_END: "prescription ended",
    Act.CONFIRMATION_SEND: "sent for confirmation",
    Act.CONFIRMATION_CANCEL: "confirmation cancelled",
    Act.RECOMMENDATION_RAISE: "recommendation raised",
    Act.RECOMMENDATION_ADD_EVIDENCE: "evidence added to a recommendation",
    Act.RECOMMENDATION_WEIGH_AGAIN: "recommendation weighed again",
    Act.RECOMMENDATION_WITHDRAW_EVIDENCE: "evidence of a recommendation withdrawn",
    Act.RECOMMENDATION_WITHDRAW: "recommendation withdrawn",
    Act.RECOMMENDATION_ACCEPT: "recommendation accepted",
    Act.RECOMMENDATION_DECLINE: "recommendation declined",
    Act.RECOMMENDATION_DEFER: "recommendation put off",
    Act.RECOMMENDATION_REOPEN: "recommendation reopened",
    Act.REVIEW_ASK: "review asked for",
    Act.REVIEW_WITHDRAW: "review withdrawn",
    Act.REVIEW_DONE: "reviewed",
    Act.REPORT_PRINT: "report printed",
    Act.REPORT_EXPORT: "exported",
    Act.REPORT_DELIVER: "report delivered",
    Act.REPORT_DELIVER_FAILED: "report not delivered",
    Act.REPORT_UNCHANGED: "report delivered before, unchanged",
    Act.CONFIRMATIONS_REMIND: "reminded of confirmations",
    Act.REMINDER_BEGIN: "reminder begun",
    Act.REMINDER_MAIL: "reminder mailed",
    Act.REMINDER_MAIL_FAILED: "reminder not mailed",
    Act.WITNESS_DELIVER: "witness line kept outside",
    Act.WITNESS_DELIVER_FAILED: "witness line not kept outside",
    Act.CHECK_IN_RULE: "check-in rule set",
    Act.CHECK_IN_RECORD: "check-in recorded",
    Act.CHECK_INS_COLLECT: "check-ins collected from the page",
    Act.CARD_ISSUE: "check-in card made",
    Act.CARD_END: "check-in card ended",
    Act.OUTAGE_RECORD: "outage of check-in recorded",
    Act.OUTAGE_FIND: "outage of check-in found",
    Act.CONTACT_SET: "reminders consented to",
    Act.CONTACT_STOP: "consent to reminders taken back",
    Act.CONTACT_FORGET: "address for reminders forgotten",
    Act.NOTICE_SEND: "reminder asked for",
    Act.FACILITY_CREATE: "facility made",
    Act.FACILITY_RENAME: "facility renamed",
    Act.FACILITY_TIMEZONE: "timezone corrected",
    Act.FACILITY_CLOSE: "day closed",
    Act.FACILITY_OPEN: "day opened again",
    Act.BACKUP_MAKE: "backup made",
    Act.BACKUP_RESTORE: "backup restored",
    Act.SCHEMA_UPGRADE: "database brought up to date",
    Act.GO_ON_DESPITE: "gone on, though a record did not hold",
    Act.HISTORY_IMPORT: "past record imported",
}


def act_said(act: str) -> str:
    """An act in words; one that a later version of the program recorded stays as it is stored."""
    return SAID.get(act, act)


def detail_said(detail: str | None) -> str:
    """The details of an entry in words, `outcome positive; analytes cocaine`; what is empty or no is left out."""
    if not detail:
        return ""
    try:
        found = json.loads(detail)
    except ValueError:
        return detail
    if not isinstance(found, dict):
        return _in_words(found)
    return "; ".join(
        key.replace("_", " ") if value is True else f"{key.replace('_', ' ')} {_in_words(value)}"
        for key, value in found.items()
        if not (value is None or value is False or value in ("", [], {}))
    )


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_in_words(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    return str(value)
