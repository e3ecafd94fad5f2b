"""A line of a past record: what is written in its reason is read back, and marks that do not fit are refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.drawing.closing import Because, sentence
from testing_tracker.rules.exchange.csv_cells import EARLIEST, LATEST, is_id, read_chance, read_day
from testing_tracker.rules.exchange.past import Past, as_on_record, measured_of, read_reason, write_reason
from testing_tracker.rules.testing.amounts import Amount
from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.words import Outcome, Status

NEGATIVE, POSITIVE, INVALID = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INVALID
COLLECTED, DUE, EXCUSED = Status.COLLECTED, Status.DUE, Status.EXCUSED
RECOLLECT, SECOND_GIVEN = sentence(Because.RECOLLECT), sentence(Because.SECOND_GIVEN)
PLAIN = Past(COLLECTED, POSITIVE, ("cocaine",), None)

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
said = texts.map(str.strip).filter(bool)  # a reason or a note is kept without the blanks around it
names = (
    st.lists(st.sampled_from(["alcohol", "buprenorphine", "cocaine", "opiates"]), unique=True).map(sorted).map(tuple)
)
numbers = st.decimals(0, 10_000, allow_nan=False, allow_infinity=False, places=2).map(abs)
amounts = st.builds(Amount, numbers, st.sampled_from(["ng/mL", "mg/dL"]), st.sampled_from(["", "<", ">"]))


moments = st.integers(0, 10**9).map(lambda second: datetime.fromtimestamp(second, UTC))


@st.composite
def lines(draw) -> Past:
    """What a collected draw with a result may say, with any of the marks."""
    analytes = draw(names.filter(bool))
    return Past(
        COLLECTED,
        POSITIVE,
        analytes,
        draw(st.none() | said.filter(lambda text: text != SECOND_GIVEN)),
        lab=draw(st.none() | said | st.just("")),
        collected_at=draw(st.none() | moments),
        expected=tuple(name for name in analytes if draw(st.booleans())),
        absent=draw(names),
        measured=tuple(sorted(draw(st.dictionaries(st.sampled_from(["cocaine", "opiates"]), amounts)).items())),
    )


def read(cell: str, status: Status = COLLECTED, outcome: Outcome | None = POSITIVE, analytes=("cocaine",)) -> Past:
    return read_reason(SHIPPED, cell, status, outcome, analytes if outcome is POSITIVE else ())[1]


def refused(cell: str, *columns) -> str:
    with pytest.raises(TestingTrackerError) as refusal:
        read(cell, *columns)
    return str(refusal.value)


class TestThereAndBack:
    @settings(max_examples=80)
    @given(lines(), st.booleans(), st.booleans(), st.none() | said)
    def test_what_is_written_is_read_as_the_same(self, past, for_cause, is_over, ordered_for):
        past = replace(past, ordered_for=ordered_for if for_cause else None)
        cell = write_reason(past, for_cause=for_cause, is_over=is_over)
        assert read_reason(SHIPPED, cell, past.status, past.outcome, past.analytes) == (for_cause, past)

    @given(said)
    def test_no_reason_is_taken_for_a_mark_or_a_formula(self, reason):
        cell = write_reason(replace(PLAIN, reason=reason), for_cause=False, is_over=True)
        assert cell[0] not in "=+-@"
        assert read(cell).reason == reason

    @pytest.mark.parametrize(
        ("past", "cell"),
        [
            (PLAIN, ""),
            (replace(PLAIN, reason="court date"), "court date"),
            (replace(PLAIN, reason="[cancelled] by phone"), '[text "[cancelled] by phone"]'),
            (replace(PLAIN, reason="=1+1"), '[text "=1+1"]'),
            (replace(PLAIN, reason="@home"), '[text "@home"]'),
            (replace(PLAIN, reason=" two "), '[text " two "]'),
            (replace(PLAIN, reason="one\rtwo"), '[text "one\\rtwo"]'),
            (replace(PLAIN, lab=""), '[definitive ""]'),
            (replace(PLAIN, lab="North"), '[definitive "North"]'),
            (replace(PLAIN, expected=("cocaine",), reason="x"), '[expected "cocaine"] x'),
            (replace(PLAIN, absent=("alcohol", "opiates")), '[absent "alcohol;opiates"]'),
            (
                replace(PLAIN, measured=(("cocaine", Amount(Decimal(320))),)),
                '[measured "cocaine=320 ng/mL"]',
            ),
            (Past(EXCUSED, None, (), "snow", earlier=INVALID), '[earlier "invalid"] snow'),
        ],
    )
    def test_the_marks_as_they_stand_in_a_file(self, past, cell):
        assert write_reason(past, for_cause=False, is_over=True) == cell
        assert read_reason(SHIPPED, cell, past.status, past.outcome, past.analytes) == (False, past)

    def test_a_test_for_cause_with_and_without_why(self):
        assert write_reason(PLAIN, for_cause=True, is_over=True) == "[for-cause]"
        ordered = replace(PLAIN, ordered_for="slurred speech", reason="late")
        assert write_reason(ordered, for_cause=True, is_over=True) == '[for-cause "slurred speech"] late'
        assert read_reason(SHIPPED, "[for-cause] late", COLLECTED, POSITIVE, ("cocaine",))[0]

    def test_a_cancelled_draw_is_excused_in_its_column(self):
        cancelled = Past(Status.CANCELLED, None, (), None)
        assert write_reason(cancelled, for_cause=False, is_over=True) == "[cancelled]"
        assert read("[cancelled]", EXCUSED, None) == cancelled

    def test_an_unrecorded_draw_is_marked_only_while_its_day_is_not_over(self):
        unrecorded = Past(Status.UNRECORDED, None, (), None)
        assert write_reason(unrecorded, for_cause=False, is_over=False) == "[unrecorded]"
        assert write_reason(unrecorded, for_cause=False, is_over=True) == ""
        assert read("[unrecorded]", DUE, None) == unrecorded
        assert as_on_record(unrecorded).status is DUE
        assert as_on_record(PLAIN) is PLAIN

    def test_a_laboratory_that_is_not_known_is_one_all_the_same(self):
        assert read("[definitive]").lab == ""

    def test_blanks_around_a_reason_are_nobodys(self):
        assert read("  court date ").reason == "court date"
        assert read("[for-cause]   ").reason is None

    def test_amounts_on_record_are_read_in_the_order_of_their_names(self):
        assert measured_of(["opiates=2000 ng/mL", "cocaine=<50 ng/mL"]) == (
            ("cocaine", Amount(Decimal(50), "ng/mL", "<")),
            ("opiates", Amount(Decimal(2000))),
        )


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        ("cell", "columns", "why"),
        [
            ("[cancelled]", (COLLECTED, NEGATIVE), "has the status excused, and the status is collected"),
            ("[unrecorded]", (EXCUSED, None), "has the status due, and the status is excused"),
            ('[absent "opiates"]', (EXCUSED, None), "a mark in the reason is about a result, and the outcome is empty"),
            ('[definitive "North"]', (DUE, None), "a mark in the reason is about a result"),
            ('[expected "opiates"]', (), "the [expected] ones in the reason are not among the analytes"),
            ('[absent "snake oil"]', (), "the mark [absent] in the reason names an analyte that is not known"),
            ('[measured "cocaine"]', (), "the mark [measured] in the reason is none"),
            ('[measured "cocaine=high"]', (), "the mark [measured] in the reason is none"),
            ('[collected-at "noon"]', (), "no instant with its offset"),
            ('[collected-at "2026-11-16T10:00:00"]', (), "no instant with its offset"),
            ('[earlier "unclear"]', (EXCUSED, None), "the mark [earlier] in the reason is none of negative, positive"),
            ('[earlier "invalid"]', (), "does not count, and the line says that it does"),
            ('[for-cause "a"] [for-cause "b"]', (), "the reason has the mark for-cause twice"),
            ('[definitive "\\x"]', (), "is not a JSON string"),
            ('[definitive "\\ud800"]', (), "is not a JSON string"),
            (SECOND_GIVEN, (), "the result of a second specimen is to come, as the reason says, and the line has one"),
        ],
    )
    def test_is_refused_with_why(self, cell, columns, why):
        assert why in refused(cell, *columns)

    def test_a_second_specimen_that_is_to_come_has_an_earlier_one_and_no_result(self):
        assert read(f'[earlier "invalid"] {SECOND_GIVEN}', COLLECTED, None).earlier is INVALID
        assert read(f'[earlier "invalid"] {RECOLLECT}', DUE, None).reason == RECOLLECT

    @pytest.mark.parametrize(
        "cell", ["[cancelled", "cancelled]", "[earlier]", "[Cancelled]", "note [cancelled]", "[x]"]
    )
    def test_what_is_no_mark_is_a_reason(self, cell):
        assert read(cell) == replace(PLAIN, reason=cell)


class TestSayingTheSame:
    def test_what_a_file_leaves_out_in_its_marks_is_not_compared(self):
        bare = PLAIN
        full = replace(PLAIN, lab="North", absent=("opiates",), collected_at=datetime(2026, 11, 16, tzinfo=UTC))
        assert bare.is_said_by(full)
        assert bare.is_said_by(replace(bare, earlier=INVALID))
        assert not full.is_said_by(bare)

    @pytest.mark.parametrize(
        "change",
        [{"status": EXCUSED}, {"outcome": NEGATIVE}, {"analytes": ()}, {"reason": "x"}, {"ordered_for": "x"}],
    )
    def test_what_stands_in_the_columns_is(self, change):
        assert not PLAIN.is_said_by(replace(PLAIN, **change))
        assert not replace(PLAIN, **change).is_said_by(PLAIN)

    @given(lines())
    def test_every_line_says_itself_and_what_is_said_of_it(self, past):
        assert past.is_said_by(past)
        assert replace(past, lab=None, absent=(), expected=(), measured=(), collected_at=None).is_said_by(past)


class TestDaysAndNumbers:
    @given(st.dates(EARLIEST, LATEST))
    def test_a_day_is_read_as_it_is_written(self, day):
        assert read_day(day.isoformat()) == day

    def test_the_first_and_the_last_day_that_a_record_may_have(self):
        assert [read_day("1900-01-01"), read_day("2199-12-31")] == [EARLIEST, LATEST]

    @pytest.mark.parametrize("text", ["", "today", "2026-02-30", "2026-13-01", "16.11.2026", "26-11-16", "2026-11-1"])
    def test_what_is_no_day(self, text):
        with pytest.raises(ValueError, match="not a date; write 2026-11-23"):
            read_day(text)

    @pytest.mark.parametrize("day", [EARLIEST - timedelta(days=1), LATEST + timedelta(days=1), date.min, date.max])
    def test_no_facility_has_draws_outside_of_three_centuries(self, day):
        with pytest.raises(ValueError, match="outside of the years 1900 to 2199"):
            read_day(day.isoformat())

    @given(st.fractions(0, 1, max_denominator=2**64 - 1))
    def test_a_chance_is_read_exactly(self, chance):
        assert read_chance(str(chance)) == chance

    def test_a_chance_may_be_a_decimal(self):
        assert read_chance("0.25") == Fraction(1, 4)

    @pytest.mark.parametrize(
        "text", ["", "-1/7", "2/", "1/0", "2 / 7", "1e-3", "half", "٢/٧", "٠", 0.5, None, "1" * 401, "3/2", "1.01", "2"]
    )
    def test_what_is_no_chance(self, text):
        with pytest.raises(ValueError, match="a chance"):
            read_chance(text)

    @pytest.mark.parametrize(("text", "is_one"), [("1", True), ("9" * 18, True), ("9" * 19, False), ("-1", False)])
    def test_the_number_of_something_on_record(self, text, is_one):
        assert is_id(text) is is_one
        assert not is_id(f"{text}x")
        assert not is_id("")

    def test_an_instant_in_another_zone_is_the_same_instant(self):
        there = datetime(2026, 11, 16, 10, 40, tzinfo=timezone(timedelta(hours=-8)))
        assert read(f'[collected-at "{there.isoformat()}"]').collected_at == there.astimezone(UTC)
