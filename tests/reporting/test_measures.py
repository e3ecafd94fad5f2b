from dataclasses import asdict
from pathlib import Path

import pytest
from published_patterns import EXCERPT, FULL_DATA, PUBLISHED_AS, number, patterns

from testing_tracker.rules.reporting.measures import measure


def differences(row):
    ours = asdict(measure(row["usePatternUDS"]))
    return {
        name: (ours[name], row[column])
        for name, column in PUBLISHED_AS.items()
        if ours[name] != pytest.approx(number(row[column]), abs=1e-12)
    }


@pytest.mark.parametrize("row", patterns(EXCERPT), ids=lambda row: row["participant"])
def test_a_real_pattern_has_its_published_measures(row):
    assert differences(row) == {}


@pytest.mark.skipif(FULL_DATA is None, reason="CTN0094_DATA does not name a folder with use_patterns.csv")
def test_every_pattern_of_the_full_data_has_its_published_measures():
    rows = patterns(Path(FULL_DATA, "use_patterns.csv"))
    assert len(rows) > len(patterns(EXCERPT))
    assert {row["participant"]: wrong for row in rows if (wrong := differences(row))} == {}


def test_a_pattern_worked_by_hand():
    assert asdict(measure("_-*o+---oo")) == {
        "weeks": 10,
        "negative_weeks": 4,
        "proportion_negative": 4.5 / 10,
        "proportion_negative_provided": 4.5 / 7,
        "proportion_negative_retained": 4.5 / 8,
        "retention_weeks": 8,
        "three_negatives": True,
        "three_positives": True,
        "relapse_ctn0094_week": 7,
        "relapse_ctn0094": False,
        "relapse_lee2016_week": 3,
        "relapse_lee2016": True,
        "dropout_week": 7,
        "dropout": False,
    }


@pytest.mark.parametrize(
    ("pattern", "of_all", "of_provided", "while_retained"),
    [
        pytest.param("----", 1, 1, 1, id="all negative"),
        pytest.param("++++", 0, 0, 0, id="all positive"),
        pytest.param("oooo", 0, 0, 0, id="nothing provided"),
        pytest.param("*", 0.5, 0.5, 0.5, id="a mixed week is half a negative one"),
        pytest.param("-o-o", 1 / 2, 1, 2 / 3, id="missing weeks count until the last specimen"),
        pytest.param("-__-", 1 / 2, 1 / 2, 1 / 2, id="weeks with nothing due count as weeks"),
    ],
)
def test_the_proportion_of_negative_weeks(pattern, of_all, of_provided, while_retained):
    found = measure(pattern)
    assert found.proportion_negative == of_all
    assert found.proportion_negative_provided == of_provided
    assert found.proportion_negative_retained == pytest.approx(while_retained)


@pytest.mark.parametrize(("pattern", "week"), [("--+o_o", 3), ("o-o*", 4), ("_+", 2), ("oo_", 0), ("", 0)])
def test_retention_is_the_last_week_with_a_specimen(pattern, week):
    assert measure(pattern).retention_weeks == week


@pytest.mark.parametrize(
    ("pattern", "negatives", "positives"),
    [
        ("+---", True, False),
        ("--_-", False, False),
        ("--*-", False, False),
        ("-+++", False, True),
        ("-+o*", False, True),
        ("++_+", False, False),
        ("---+++", True, True),
    ],
)
def test_three_in_a_row_where_missing_and_mixed_weeks_count_as_positive(pattern, negatives, positives):
    found = measure(pattern)
    assert (found.three_negatives, found.three_positives) == (negatives, positives)


@pytest.mark.parametrize(
    ("pattern", "week", "seen"),
    [
        pytest.param("--++++", 3, True, id="from the first of four positive weeks"),
        pytest.param("-+o*+-", 2, True, id="missing and mixed weeks count"),
        pytest.param("+++-+++", 4, False, id="three are not enough"),
        pytest.param("++_++", 2, False, id="a week with nothing due breaks the row"),
        pytest.param("----", 1, False, id="one window, nothing seen"),
    ],
)
def test_a_relapse_of_ctn0094_is_four_positive_weeks_in_a_row(pattern, week, seen):
    found = measure(pattern)
    assert (found.relapse_ctn0094_week, found.relapse_ctn0094) == (week, seen)


@pytest.mark.parametrize(
    ("pattern", "week", "seen"),
    [
        pytest.param("++--", 3, True, id="in the first four weeks"),
        pytest.param("---+--+", 6, True, id="three weeks apart"),
        pytest.param("+---+--", 6, False, id="four weeks apart"),
        pytest.param("o-*-", 3, True, id="missing and mixed weeks count"),
        pytest.param("-----", 4, False, id="nothing seen"),
    ],
)
def test_a_relapse_of_lee_2016_is_two_positive_weeks_of_four(pattern, week, seen):
    found = measure(pattern)
    assert (found.relapse_lee2016_week, found.relapse_lee2016) == (week, seen)


@pytest.mark.parametrize(
    ("pattern", "week", "seen"),
    [
        pytest.param("--oooo--", 3, True, id="from the first of four"),
        pytest.param("ooo+ooo", 4, False, id="a positive specimen is a specimen"),
        pytest.param("oo_oo", 2, False, id="a week with nothing due breaks the row"),
    ],
)
def test_a_dropout_is_four_weeks_in_a_row_without_a_specimen(pattern, week, seen):
    found = measure(pattern)
    assert (found.dropout_week, found.dropout) == (week, seen)


@pytest.mark.parametrize("pattern", ["", "+", "+++", "ooo"])
def test_a_pattern_of_under_four_weeks_says_nothing_of_relapse_or_dropout(pattern):
    found = measure(pattern)
    assert {
        found.relapse_ctn0094_week,
        found.relapse_ctn0094,
        found.relapse_lee2016_week,
        found.relapse_lee2016,
        found.dropout_week,
        found.dropout,
    } == {None}


def test_a_pattern_without_weeks_has_no_proportion_and_counts_nothing():
    found = measure("")
    assert found.proportion_negative is None
    assert (found.weeks, found.negative_weeks, found.retention_weeks) == (0, 0, 0)
    assert (found.proportion_negative_provided, found.proportion_negative_retained) == (0, 0)
    assert (found.three_negatives, found.three_positives) == (False, False)
