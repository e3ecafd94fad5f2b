"""The acts that the audit table has entries of, and which of them change a draw."""

from enum import StrEnum

from testing_tracker.rules.words import Status


class Act(StrEnum):
    """An act as it is stored for good: a noun and a verb."""

    # people
    PARTICIPANT_ADD = "participant add"
    PARTICIPANT_READMIT = "participant readmit"
    PARTICIPANT_LEAVE = "participant leave"
    PARTICIPANT_RETURN = "participant return"
    PARTICIPANT_DISCHARGE = "participant discharge"
    PARTICIPANT_CANCEL = "participant cancel"
    PARTICIPANT_RENAME = "participant rename"
    PARTICIPANT_JOIN = "participant join"
    PARTICIPANT_SET_SCHEDULE = "participant set-schedule"
    PARTICIPANT_TRANSFER = "participant transfer"
    NAMES_SHOW = "names show"
    STAFF_ADD = "staff add"
    STAFF_REMOVE = "staff remove"
    ACCESS_DENIED = "access denied"
    # schedules
    SCHEDULE_LOAD = "schedule load"
    SCHEDULE_TAKE_BACK = "schedule take back"
    # drawing
    NIGHT_RUN = "night run"
    NIGHT_ADD_NEWCOMERS = "night add newcomers"
    NIGHT_GAP = "night gap"
    NIGHT_TAKE_BACK = "night take back"
    DRAW_TAKE_BACK = "draw take back"
    KEY_CREATE = "key create"
    KEY_COPY = "key copy"
    KEY_ACKNOWLEDGE = "key acknowledge"
    PROOF_WRITE = "proof write"
    # testing
    DRAW_ORDER = "draw order"
    DRAW_RECORD = "draw record"
    DRAW_TRIED = "draw tried"
    DRAW_DUE = "draw due"
    DRAW_COLLECTED = "draw collected"
    DRAW_MISSED = "draw missed"
    DRAW_REFUSED = "draw refused"
    DRAW_EXCUSED = "draw excused"
    DRAW_CANCELLED = "draw cancelled"
    DRAW_UNRECORDED = "draw unrecorded"
    RESULT_LOG = "result log"
    RESULT_AMEND = "result amend"
    RESULT_READ_AGAIN = "result read again"
    LOG_UNDO = "log undo"
    SPECIMEN_CORRECT = "specimen correct"
    SPECIMEN_MOVE = "specimen move"
    SPECIMEN_WITHDRAW = "specimen withdraw"
    SPECIMEN_HAND_OVER = "specimen hand over"
    PRESCRIPTION_ADD = "prescription add"
    PRESCRIPTION_END = "prescription end"
    CONFIRMATION_SEND = "confirmation send"
    CONFIRMATION_CANCEL = "confirmation cancel"
    # deciding
    RECOMMENDATION_RAISE = "recommendation raise"
    RECOMMENDATION_ADD_EVIDENCE = "recommendation add evidence"
    RECOMMENDATION_WEIGH_AGAIN = "recommendation weigh again"
    RECOMMENDATION_WITHDRAW_EVIDENCE = "recommendation withdraw evidence"
    RECOMMENDATION_WITHDRAW = "recommendation withdraw"
    RECOMMENDATION_ACCEPT = "recommendation accept"
    RECOMMENDATION_DECLINE = "recommendation decline"
    RECOMMENDATION_DEFER = "recommendation defer"
    RECOMMENDATION_REOPEN = "recommendation reopen"
    REVIEW_ASK = "review ask"
    REVIEW_WITHDRAW = "review withdraw"
    REVIEW_DONE = "review done"
    # reporting
    REPORT_PRINT = "report print"
    REPORT_EXPORT = "report export"
    REPORT_DELIVER = "report deliver"
    REPORT_DELIVER_FAILED = "report deliver failed"
    REPORT_UNCHANGED = "report unchanged"
    CONFIRMATIONS_REMIND = "confirmations remind"
    REMINDER_BEGIN = "reminder begin"
    REMINDER_MAIL = "reminder mail"
    REMINDER_MAIL_FAILED = "reminder mail failed"
    WITNESS_DELIVER = "witness deliver"
    WITNESS_DELIVER_FAILED = "witness deliver failed"
    # check_in
    CHECK_IN_RULE = "check-in rule"
    CHECK_IN_RECORD = "check-in record"
    CHECK_INS_COLLECT = "check-ins collect"
    CARD_ISSUE = "card issue"
    CARD_END = "card end"
    OUTAGE_RECORD = "outage record"
    OUTAGE_FIND = "outage find"
    CONTACT_SET = "contact set"
    CONTACT_STOP = "contact stop"
    CONTACT_FORGET = "contact forget"
    NOTICE_SEND = "notice send"
    # keeping
    FACILITY_CREATE = "facility create"
    FACILITY_RENAME = "facility rename"
    FACILITY_TIMEZONE = "facility timezone"
    FACILITY_CLOSE = "facility close"
    FACILITY_OPEN = "facility open"
    BACKUP_MAKE = "backup make"
    BACKUP_RESTORE = "backup restore"
    SCHEMA_UPGRADE = "schema upgrade"
    GO_ON_DESPITE = "go on despite"
    # exchange
    HISTORY_IMPORT = "history import"

    @classmethod
    def of_draw(cls, status: Status) -> "Act":
        """The act that gives a draw a status."""
        return cls(f"draw {status}")


# In the detail of an entry that is dated before the one in front of it: that one's moment (UTC). The program puts it
# there by itself, so whoever dates an act back says so on record.
DATED_BACK_FROM = "dated_back_from"
# Acts that somebody does: none is done by what runs by itself, which anybody may run where nobody has the nights.
TAKES_A_PERSON = frozenset(
    {
        *(act for act in Act if act.startswith(("participant ", "staff ", "schedule ", "specimen ", "prescription "))),
        *(Act.NAMES_SHOW, Act.NIGHT_TAKE_BACK, Act.DRAW_TAKE_BACK, Act.KEY_COPY, Act.PROOF_WRITE),
        *(Act.DRAW_ORDER, Act.DRAW_RECORD, Act.DRAW_TRIED, Act.DRAW_REFUSED),
        *(Act.RESULT_LOG, Act.RESULT_AMEND, Act.LOG_UNDO, Act.CONFIRMATION_SEND, Act.CONFIRMATION_CANCEL),
        *(Act.RECOMMENDATION_ACCEPT, Act.RECOMMENDATION_DECLINE, Act.RECOMMENDATION_DEFER, Act.RECOMMENDATION_REOPEN),
        *(Act.REVIEW_DONE, Act.FACILITY_RENAME, Act.FACILITY_TIMEZONE, Act.FACILITY_CLOSE, Act.FACILITY_OPEN),
        *(Act.HISTORY_IMPORT, Act.GO_ON_DESPITE, Act.KEY_ACKNOWLEDGE),
        *(Act.CHECK_IN_RULE, Act.CHECK_IN_RECORD, Act.CARD_ISSUE, Act.CARD_END, Act.OUTAGE_RECORD),
        *(Act.CONTACT_SET, Act.CONTACT_FORGET, Act.NOTICE_SEND),
    }
)
# What a draw's status is after an act; the last one of these about a draw says it. Who tried and could not leaves it as
# it was, and what is undone or recorded later gets its status by an act of its own.
LEADS_TO: dict[str, Status] = {
    **{Act.of_draw(status): status for status in Status},
    Act.DRAW_ORDER: Status.DUE,
    Act.RESULT_LOG: Status.COLLECTED,
    Act.RESULT_AMEND: Status.COLLECTED,
}
# Acts whose entry has the draw's outcome in its detail.
SAYS_AN_OUTCOME = (Act.RESULT_LOG, Act.RESULT_AMEND)
# Acts after which a draw that was decided on may say something else; a draw that is only ordered was not decided on.
CHANGES_WHAT_A_DRAW_SAYS = (*(act for act in LEADS_TO if act != Act.DRAW_ORDER), Act.RESULT_READ_AGAIN)
# Acts that a reader of a printed report is told of: also those that come with an act of the above, or change no more
# than that somebody tried.
CHANGES_A_DRAW = (*LEADS_TO, Act.RESULT_READ_AGAIN, Act.LOG_UNDO, Act.DRAW_RECORD, Act.DRAW_TRIED)
# Acts that change who takes part, with the detail of their entry that says from which day on.
CHANGES_WHO_TAKES_PART: dict[str, str] = {
    Act.PARTICIPANT_ADD: "enrolled_on",
    Act.PARTICIPANT_READMIT: "enrolled_on",
    Act.PARTICIPANT_LEAVE: "from_on",
    Act.PARTICIPANT_RETURN: "back_on",
    Act.PARTICIPANT_DISCHARGE: "from_on",
    Act.PARTICIPANT_CANCEL: "enrolled_on",
}
