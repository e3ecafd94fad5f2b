"""A facility at which participants check in between five and ten: whose cards, what they tried, and its nights."""

import json
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from conftest import Clinic
from freezegun import freeze_time

from testing_tracker.cli.desk.desk import Desk
from testing_tracker.rules.check_in.answers import DaysAnswer, Timing
from testing_tracker.services.people.lookup import find_participant
from testing_tracker.store.queries import id_of
from testing_tracker.store.tables import Card, CheckIn, CheckInRule

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 11, 16)
OPENS, CLOSES, OVER = "05:00", "10:00", "17:00"


def moment(day: date, at: str = "12:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=ZONE).astimezone(UTC)


class Mornings:
    """A live clinic with a rule in force; what is typed is typed at an hour of a day."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic

    def typed(self, day: date, at: str, *words: str, **more):
        with freeze_time(moment(day, at)):
            return self.clinic.run(*words, **more)

    def type(self, day: date, at: str, *words: str) -> str:
        done = self.typed(day, at, *words)
        assert done.exit_code == 0, done.output
        return done.stdout

    def refused(self, day: date, at: str, *words: str) -> str:
        with freeze_time(moment(day, at)):
            return self.clinic.refused(*words)

    @contextmanager
    def writing(self, day: date, at: str):
        with freeze_time(moment(day, at)), closing(Desk(self.clinic.url, None)) as desk, desk.writing("draw") as work:
            yield work

    def rule(self, day: date, *, page: bool = False, then: str = "missed") -> None:
        """A rule that binds from the day after one on."""
        from datetime import time

        with self.writing(day, "12:00") as work:
            work.write(
                CheckInRule(
                    facility_id=work.facility_id,
                    from_on=day + timedelta(days=1),
                    opens=time.fromisoformat(OPENS),
                    closes=time.fromisoformat(CLOSES),
                    page=page,
                    not_checked_in=then,
                )
            )

    def cards(self, day: date, *codes: str, at: str = "12:00") -> None:
        with self.writing(day, at) as work:
            for number, code in enumerate(codes):
                whose = id_of(find_participant(work, code))
                given = f"{1000000 + number + 1000 * day.toordinal() % 999983}"
                work.write(Card(participant_id=whose, number=given, salt="00", verifier="00", language="en"))

    def tried(self, code: str, day: date, at: str, outcome: str = "wrong", *, known_at: str | None = None) -> None:
        self._attempt(code, day, at, outcome, None, known_at)

    def told(self, code: str, day: date, at: str, answer: str = "come", *, known_at: str | None = None) -> None:
        self._attempt(code, day, at, "told", DaysAnswer(answer), known_at)

    def _attempt(self, code: str, day: date, at: str, outcome: str, answer, known_at: str | None) -> None:
        timing = Timing.IN_TIME if at < CLOSES else Timing.LATE if at < OVER else Timing.OVER
        said = timing if outcome in ("told", "unknown") else None
        with self.writing(day, known_at or at) as work:
            whose = id_of(find_participant(work, code))
            row = {"participant_id": whose, "day": day, "at": moment(day, at), "channel": "page", "outcome": outcome}
            visit = f"page:{whose} {at}" if known_at else None  # collected from the page's file since
            work.write(CheckIn(**row, answer=answer, timing=said, visit=visit))

    def night(self, day: date):
        """The night before a day: it closes the day before, and makes the day's draws."""
        done = self.typed(day, "00:05", "draw")
        assert done.exit_code == 0, done.output
        return done.stderr

    def asked(self, day: date) -> str:
        """All that is asked on the morning of a day."""
        status = json.loads(self.typed(day, "09:00", "status", "--format", "json").stdout)
        return " ".join(one["question"] for one in status["questions"])

    def draw_of(self, code: str, day: date, *, for_cause: bool = False) -> tuple[str, str | None, str | None]:
        """A draw's status, why in one word, and in a sentence."""
        (found,) = self.clinic.rows(
            "SELECT status, because, reason FROM draw JOIN participant ON participant.id = participant_id "
            f"WHERE code = '{code}' AND due_on = '{day}' AND kind {'=' if for_cause else '<>'} 'for-cause'"
        )
        return found
