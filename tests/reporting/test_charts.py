"""The charts of the reports: round scales that hold the data, nothing cut off, and gaps where nothing is known."""

import re
from hashlib import sha256
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.reports.paper import charts
from testing_tracker.rules.exchange.visible import in_one_line

SVG = "{http://www.w3.org/2000/svg}"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHARES = st.none() | st.floats(0, 1)
HOSTILE = 'Rates</title><script>alert("1")</script> & \x00\x1b[2J\u202e\ufffe\ufffd]]>'
NAMES = st.text(st.characters(exclude_characters="\ufffe\uffff", exclude_categories=["Cs"]), min_size=1, max_size=60)


def drawn(svg: str) -> ElementTree.Element:
    """The drawing, which has to be XML."""
    return ElementTree.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in drawn(svg).iter(f"{SVG}text")]


def lines(svg: str) -> list[str]:
    """The paths of the series' lines, those of the legend first."""
    return [path.get("d") for path in drawn(svg).iter(f"{SVG}path") if path.get("stroke-width") == "1.8"]


def bars(svg: str, fill: str) -> list[str]:
    """The boxes of a colour, that of the legend first."""
    return [path.get("d") for path in drawn(svg).iter(f"{SVG}path") if path.get("fill") == fill]


def assert_inside(svg: str) -> None:
    """Every text is inside of the drawing, however wide its letters are."""
    root = drawn(svg)
    _, _, wide, high = map(float, root.get("viewBox").split())
    for text in root.iter(f"{SVG}text"):
        x, y, length = float(text.get("x")), float(text.get("y")), charts.text_width(text.text or "")
        begin = x - {"start": 0, "middle": length / 2, "end": length}[text.get("text-anchor")]
        assert begin >= -0.1, text.text
        assert begin + length <= wide + 0.1, text.text
        assert charts.LETTER <= y <= high, text.text


def assert_points_inside(svg: str) -> None:
    root = drawn(svg)
    _, _, wide, high = map(float, root.get("viewBox").split())
    for path in root.findall(f"{SVG}path"):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d")):
            assert 0 <= float(x) <= wide
            assert 0 <= float(y) <= high


@given(st.floats(0, 1e12))
def test_a_scale_is_round_holds_the_greatest_and_has_few_ticks(greatest):
    ticks = charts.ticks(greatest)
    assert ticks[0] == 0
    assert ticks[-1] >= greatest
    assert 2 <= len(ticks) <= charts.MOST_TICKS
    (step,) = {after - before for before, after in pairwise(ticks)}
    assert re.fullmatch(r"[125]0*", str(step))
    assert len(ticks) == 2 or ticks[-2] < greatest


@pytest.mark.parametrize(
    ("greatest", "ticks"),
    [(0, [0, 1]), (0.4, [0, 1]), (1, [0, 1]), (7, [0, 2, 4, 6, 8]), (24.5, [0, 5, 10, 15, 20, 25])],
)
def test_counts_have_whole_numbers(greatest, ticks):
    assert charts.ticks(greatest) == ticks


@given(st.lists(st.tuples(st.floats(0, 330), NAMES)).map(sorted))
def test_labels_do_not_overlap_and_the_last_is_there(labels):
    places, names = [place for place, _ in labels], [name for _, name in labels]
    shown = charts.not_overlapping(places, names)
    assert shown[:1] == [len(labels) - 1][: len(labels)]
    for after, before in pairwise(shown):
        room = places[after] - places[before]
        assert room >= (charts.text_width(names[after]) + charts.text_width(names[before])) / 2


@given(NAMES, st.floats(charts.text_width("…"), 300))
def test_a_text_that_does_not_fit_keeps_its_ends(text, room):
    shown = charts.fitting(text, room)
    text = in_one_line(text)
    assert charts.text_width(shown) <= room
    before, cut, after = shown.partition("…") if shown != text else (text, "", "")
    assert text.startswith(before)
    assert text.endswith(after)
    assert shown == text or cut


@given(st.integers(0, 60).flatmap(lambda count: st.tuples(*[st.lists(SHARES, min_size=count, max_size=count)] * 2)))
def test_rates_stay_inside_for_any_number_of_weeks(rates):
    weeks = [f"W{number:02}" for number in range(len(rates[0]))]
    svg = charts.rates_by_week("Rates", weeks, (("compliance", rates[0]), ("positivity", rates[1])))
    assert_inside(svg)
    assert_points_inside(svg)
    assert ("no figures yet" in texts(svg)) == (not any(rate is not None for each in rates for rate in each))


@given(
    st.lists(st.integers(0, 10**7), min_size=7, max_size=7),
    st.lists(st.none() | st.floats(0, 1e7), min_size=7, max_size=7),
    st.lists(st.floats(0, 1e4), min_size=7, max_size=7),
)
def test_draws_stay_inside_for_any_counts(observed, expected, spread):
    svg = charts.draws_by_weekday("Draws", DAYS, observed, expected, spread)
    assert_inside(svg)
    assert_points_inside(svg)
    assert set(DAYS) <= set(texts(svg))
    assert len(bars(svg, charts.SKY)) <= 1 + sum(number > 0 for number in observed)
    assert len(bars(svg, charts.ORANGE)) == 1 + sum(value is not None for value in expected)


@given(st.lists(st.tuples(NAMES, st.integers(0, 10**6), st.integers(0, 10**6)), max_size=30))
def test_analytes_stay_inside_for_any_names_and_counts(found):
    svg = (
        charts.found_by_analyte("Found", *zip(*found, strict=True))
        if found
        else charts.found_by_analyte("", [], [], [])
    )
    assert_inside(svg)
    assert_points_inside(svg)


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=20, unique=True)
    .map(sorted)
    .flatmap(
        lambda windows: st.tuples(
            st.just(windows),
            st.lists(
                st.tuples(NAMES, st.lists(st.floats(0, 1), min_size=len(windows), max_size=len(windows))), max_size=14
            ),
        )
    )
)
def test_curves_stay_inside_for_any_schedules(drawn_of):
    windows, curves = drawn_of
    svg = charts.detection_curves("Use found", windows, curves)
    assert_inside(svg)
    assert_points_inside(svg)
    assert "days for which a use shows" in texts(svg)


def test_a_line_breaks_where_nothing_is_known():
    svg = charts.rates_by_week("Rates", ["W1", "W2", "W3", "W4", "W5"], (("compliance", [1.0, 0.5, None, 0.0, 1.0]),))
    _, line = lines(svg)
    assert re.sub(r"[\d. ]", "", line) == "MLML"
    assert "0.0 " not in line


def test_a_week_by_itself_between_gaps_is_seen():
    svg = charts.rates_by_week("Rates", ["W1", "W2", "W3"], (("compliance", [None, 0.5, None]),))
    marks = bars(svg, charts.BLUE)
    assert [mark.count("M") for mark in marks] == [1, 1]


def test_all_and_none_are_at_the_ends_of_the_scale():
    svg = charts.rates_by_week("Rates", ["W1", "W2"], (("compliance", [1.0, 0.0]),))
    ys = {text.text: float(text.get("y")) - 3.5 for text in drawn(svg).iter(f"{SVG}text")}
    (first, last) = (float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", lines(svg)[1]))
    assert (first, last) == (ys["100 %"], ys["0 %"])


def test_a_day_without_an_expectation_has_no_mark_and_one_of_zero_has():
    svg = charts.draws_by_weekday("Draws", DAYS[:3], [1, 1, 1], [None, 0.0, 1.5], [0.0, 0.0, 1.0])
    assert len(bars(svg, charts.ORANGE)) == 1 + 2


def test_what_was_not_found_has_no_bar():
    svg = charts.found_by_analyte("Found", ["alcohol", "opiates"], [0, 2], [0, 0])
    assert len(bars(svg, charts.ORANGE)) == 1 + 1
    assert len(bars(svg, "url(#prescribed)")) == 1


def test_series_differ_without_colours():
    svg = charts.detection_curves("Use found", [1, 2], [(f"random-{number}", [0.1, 0.2]) for number in range(20)])
    paths = [path for path in drawn(svg).iter(f"{SVG}path") if path.get("stroke-width") in ("1.8", "0.6")]
    looks = [
        (line.get("stroke-dasharray"), re.sub(r"M[\d. ]+", "", mark.get("d"), count=1))
        for line, mark in pairwise(paths)
        if line.get("stroke-width") == "1.8"
    ][:20]
    assert len(set(looks)) == 20


def test_a_drawing_has_a_role_a_title_and_a_description():
    svg = charts.rates_by_week("Rates & more", ["W1", "W2"], (("compliance", [1.0, 0.0]),))
    root = drawn(svg)
    said = "Rates & more; the same figures are in the table below"
    assert (root.get("role"), root.get("aria-label"), root.findtext(f"{SVG}title")) == ("img", said, said)
    assert root.findtext(f"{SVG}desc") == "Lines for compliance, from W1 to W2."


@pytest.mark.parametrize(
    "svg",
    [
        charts.rates_by_week(HOSTILE, [HOSTILE], ((HOSTILE, [0.5]),)),
        charts.draws_by_weekday(HOSTILE, [HOSTILE], [1], [1.0], [1.0]),
        charts.found_by_analyte(HOSTILE, [HOSTILE], [1], [1]),
        charts.detection_curves(HOSTILE, [1, 2], [(HOSTILE, [0.5, 0.6])]),
    ],
)
def test_no_title_or_name_is_anything_but_text(svg):
    tags = {element.tag.removeprefix(SVG) for element in drawn(svg).iter()}
    assert tags <= {"svg", "title", "desc", "pattern", "path", "text"}
    assert "Rates</title><script>" in drawn(svg).findtext(f"{SVG}title")
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", svg)


def test_the_bytes_are_the_same_on_every_machine():
    """The digest is of what was drawn when this was written; who changes how charts look writes the new one."""
    svg = charts.rates_by_week("Rates", ["W1", "W2", "W3"], (("compliance", [0.1 + 0.2, None, 2 / 3]),))
    svg += charts.draws_by_weekday("Draws", DAYS, [0, 1, 2, 3, 4, 5, 600], [None, 0.7, 1 / 3, 0, 4, 5, 6], [0.1] * 7)
    svg += charts.found_by_analyte("Found", ["alcohol", "opiates"], [1, 2], [3, 0])
    svg += charts.detection_curves("Use found", [1, 2, 30], [("fixed-1", [1 / 7, 2 / 7, 1.0])])
    assert re.findall(r"\d\.\d{2,}|\de-|-0\.0\b", svg.split("pattern", 1)[0]) == []
    assert sha256(svg.encode()).hexdigest() == "7022730d979057a712525a56695a5c388a3d0ea0c774de4b7fe99d66c2836f48"
