import tomllib
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.exchange.toml_file import FacilityFile, FacilityFileError
from testing_tracker.rules.testing.analyte_file import _check_digit, read_table
from testing_tracker.rules.testing.analyte_table import Window
from testing_tracker.rules.testing.analytes import SHIPPED, UnknownAnalyteError, Vocabulary, problems_of
from testing_tracker.rules.testing.sources import read_sources
from testing_tracker.rules.words import SPECIMENS, Method

DOCUMENT = tomllib.loads(files("testing_tracker.rules.testing").joinpath("analytes.toml").read_text(encoding="utf-8"))
VOCABULARY = {name: entry for name, entry in DOCUMENT.items() if name != "sources"}
SCREEN, CONFIRM = Method.PRESUMPTIVE, Method.DEFINITIVE

analyte_named, described, explained_by = SHIPPED.named, SHIPPED.described, SHIPPED.explained_by
window_of, longest_window_days, cutoff_of = SHIPPED.window_of, SHIPPED.longest_window_days, SHIPPED.cutoff_of

# The names that records on file may hold from earlier versions.
ON_FILE = [
    "6-mam",
    "alcohol",
    "amphetamine",
    "barbiturates",
    "benzodiazepine",
    "buprenorphine",
    "cannabinoids",
    "cocaine",
    "etg",
    "fentanyl",
    "mdma",
    "methadone",
    "methamphetamine",
    "opiates",
    "opioids",
    "oxycodone",
    "phencyclidine",
    "sedatives",
    "tricyclics",
]


def loinc_of(analyte: str, method: Method) -> str | None:
    code = described(analyte).loinc.get(method)
    return None if code is None else code.code


def outlasts_a_week(analyte: str, specimen: str) -> bool:
    return (longest_window_days(analyte, specimen) or 0) > 7


def with_own(text: str) -> Vocabulary:
    return Vocabulary(lambda: FacilityFile(text, "own.toml"))


@pytest.mark.parametrize("analyte", VOCABULARY)
def test_every_name_of_the_vocabulary_stands_for_its_own_analyte_and_no_other(analyte):
    assert {analyte_named(name) for name in [analyte, *VOCABULARY[analyte]["also"]]} == {analyte}


def test_the_analytes_are_listed_in_alphabetical_order():
    assert list(SHIPPED.names) == sorted(VOCABULARY)


@pytest.mark.parametrize("analyte", ON_FILE)
def test_the_names_that_records_on_file_hold_stay(analyte):
    assert analyte_named(analyte) == analyte


@pytest.mark.parametrize(
    ("called", "analyte"),
    [
        ("COC", "cocaine"),
        ("BZE", "cocaine"),
        ("cocaine metabolite", "cocaine"),
        ("Thc", "cannabinoids"),
        ("marijuana", "cannabinoids"),
        ("6-MAM", "6-mam"),
        ("6mam", "6-mam"),
        ("6-AM", "6-mam"),
        ("heroin", "6-mam"),
        ("THC_COOH", "cannabinoids"),
        ("t.h.c.", "cannabinoids"),
        (" ethyl  Glucuronide ", "etg"),
        ("EtG", "etg"),
        ("EtOH", "alcohol"),
        ("MET", "methamphetamine"),
        ("mtd", "methadone"),
        ("EDDP", "eddp"),
        ("FEN", "fentanyl"),
        ("norfentanyl", "norfentanyl"),
        ("BUP", "buprenorphine"),
        ("norbuprenorphine", "norbuprenorphine"),
        ("OXY", "oxycodone"),
        ("BZO", "benzodiazepine"),
        ("Codeine", "codeine"),
        ("opi", "opiates"),
        ("dextroamphetamine", "amphetamine"),
    ],
)
def test_a_name_is_known_in_any_case_with_any_hyphens_blanks_and_dots(called, analyte):
    assert analyte_named(called) == analyte


def test_a_misspelt_analyte_is_refused_with_what_was_probably_meant():
    with pytest.raises(UnknownAnalyteError, match=r"^'fentanil' is not an analyte; did you mean fentanyl\b.*\? `"):
        analyte_named("fentanil")


@pytest.mark.parametrize("name", ["sugar", "", "-"])
def test_a_name_like_no_other_is_refused_with_what_lists_them_all(name):
    with pytest.raises(UnknownAnalyteError) as refused:
        analyte_named(name)
    assert str(refused.value) == f"{name!r} is not an analyte; `testing-tracker analyte list` has them all"


@pytest.mark.parametrize("name", ["cocian", "fentnyl", "amfetamin", "oxycodin", "morfine", "bupre"])
def test_a_misspelt_analyte_names_three_at_most(name):
    near = SHIPPED.near(name)
    assert 1 <= len(near) <= 3
    assert len(set(near)) == len(near)


# --- Windows of detection


@pytest.mark.parametrize("analyte", VOCABULARY)
def test_a_window_of_detection_is_a_range_with_a_source(analyte):
    for specimen in VOCABULARY[analyte].get("window", {}):
        window = window_of(analyte, specimen)
        assert 0 < (window.low_days or window.high_days) <= window.high_days
        assert window.source.endswith("(read second-hand)")
        assert list(window.whole_days) == sorted(set(window.whole_days))


def test_windows_that_no_source_gives_are_not_made_up():
    assert (window_of("opiates", "urine").low_days, window_of("opiates", "urine").high_days) == (2, 5)
    assert window_of("opiates", "hair") is None
    assert window_of("tricyclics", "urine") is None
    assert longest_window_days("lorazepam", "urine") is None


def test_a_window_of_hours_counts_as_the_day_of_the_use():
    assert Window(0.25, 0.5, "somebody").whole_days == (1,)
    assert Window(None, 4, "somebody").whole_days == (4,)
    assert Window(1.5, 3, "somebody").whole_days == (1, 3)


@pytest.mark.parametrize(
    ("analyte", "days"),
    [
        ("alcohol", 0),  # gone by the next day
        ("6-mam", 1),
        ("etg", 5),
        ("amphetamine", 5),
        ("cocaine", 4),
        ("mdma", 3),
        ("morphine", 5),
        ("hydromorphone", 3),
        ("oxycodone", 3),
        ("methadone", 6),
        ("buprenorphine", 7),
        ("fentanyl", 28),
        ("benzodiazepine", 30),
        ("diazepam", 30),
        ("barbiturates", 30),
        ("phencyclidine", 30),
        ("cannabinoids", 35),
    ],
)
def test_the_longest_window_in_urine_is_that_of_lasting_use(analyte, days):
    assert longest_window_days(analyte, "urine") == days


def test_cannabinoids_fentanyl_and_long_acting_sedatives_outlast_a_week():
    lasting = {analyte for analyte in SHIPPED.names if outlasts_a_week(analyte, "urine")}
    assert {"cannabinoids", "fentanyl", "benzodiazepine", "diazepam", "barbiturates", "phencyclidine"} <= lasting
    assert not lasting & {"cocaine", "alcohol", "buprenorphine", "methadone", "opiates", "lorazepam"}
    assert not outlasts_a_week("cannabinoids", "oral-fluid")


# --- Cutoffs and codes

# HHS panels of 2025 in urine, 49 CFR 40.91 in oral fluid: screen and confirmation, ng/mL.
FEDERAL = {
    "cannabinoids": ("50", "15", "4", "2"),
    "cocaine": ("150", "100", "15", "8"),
    "codeine": ("2000", "2000", "30", "15"),
    "morphine": ("2000", "4000", "30", "15"),
    "hydrocodone": ("300", "100", "30", "15"),
    "hydromorphone": ("300", "100", "30", "15"),
    "oxycodone": ("100", "100", "30", "15"),
    "oxymorphone": ("100", "100", "30", "15"),
    "6-mam": ("10", "10", "4", "2"),
    "phencyclidine": ("25", "25", "10", "10"),
    "fentanyl": ("1", "1", None, None),
    "amphetamine": ("500", "250", "50", "25"),
    "methamphetamine": ("500", "250", "50", "25"),
    "mdma": ("500", "250", "50", "25"),
}


@pytest.mark.parametrize("analyte", FEDERAL)
def test_the_federal_cutoffs_by_specimen_and_method(analyte):
    kinds = [("urine", SCREEN), ("urine", CONFIRM), ("oral-fluid", SCREEN), ("oral-fluid", CONFIRM)]
    for (specimen, method), amount in zip(kinds, FEDERAL[analyte], strict=True):
        cutoff = cutoff_of(analyte, specimen, method)
        if amount is None:
            assert cutoff is None
        else:
            assert (cutoff.amount, cutoff.unit, cutoff.verified) == (Decimal(amount), "ng/mL", "primary")
            assert ("HHS" if specimen == "urine" else "49 CFR 40.91") in cutoff.source
            assert cutoff.edition


def test_cutoffs_of_no_federal_panel_come_from_clinical_ones():
    assert str(cutoff_of("alcohol", "urine", SCREEN).amount) == "40"
    assert cutoff_of("alcohol", "urine", SCREEN).unit == "mg/dL"
    assert cutoff_of("benzodiazepine", "urine", SCREEN).source.startswith("ARUP")
    assert cutoff_of("methadone", "urine", SCREEN).source.endswith("(read second-hand)")


def test_cutoffs_that_no_source_gives_are_not_made_up():
    assert cutoff_of("buprenorphine", "urine", SCREEN) is None
    assert cutoff_of("opiates", "urine", CONFIRM) is None  # a definitive test tells morphine from codeine
    assert cutoff_of("cocaine", "hair", SCREEN) is None


def test_screen_and_confirmation_have_codes_of_their_own():
    assert (loinc_of("cocaine", SCREEN), loinc_of("cocaine", CONFIRM)) == ("14314-9", "14315-6")
    assert loinc_of("amphetamine", SCREEN) == "19261-7"  # the class, not the single substance
    assert loinc_of("fentanyl", CONFIRM) is None
    assert described("oxycodone").loinc[SCREEN].verified == "unverified"
    assert loinc_of("methadone", SCREEN) is None


@pytest.mark.parametrize("analyte", VOCABULARY)
def test_every_code_has_its_check_digit(analyte):
    codes = [code.code for code in described(analyte).loinc.values()]
    assert [_check_digit(code[:-2]) for code in codes] == [code[-1] for code in codes]


def test_every_fact_that_ships_names_a_source_of_the_file():
    sources = set(read_sources(DOCUMENT))
    tables = [
        table
        for entry in VOCABULARY.values()
        for table in (*entry.get("cutoff", {}).values(), *entry.get("window", {}).values())
    ]
    tables += [entry[key] for entry in VOCABULARY.values() for key in ("loinc", "explains") if key in entry]
    for table in tables:
        named = table["source"] if isinstance(table["source"], list) else [table["source"]]
        assert set(named) <= sources


# --- What prescriptions explain


@pytest.mark.parametrize(
    ("prescribed", "explained"),
    [
        ("codeine", {"codeine", "morphine", "opiates"}),
        ("morphine", {"morphine", "opiates"}),
        ("hydrocodone", {"hydrocodone", "hydromorphone", "norhydrocodone", "opiates"}),
        ("oxycodone", {"oxycodone", "oxymorphone", "noroxycodone"}),
        ("buprenorphine", {"buprenorphine", "norbuprenorphine", "naloxone"}),
        ("methadone", {"methadone", "eddp"}),
        ("fentanyl", {"fentanyl", "norfentanyl"}),
        ("tramadol", {"tramadol"}),
        ("methamphetamine", {"methamphetamine", "amphetamine"}),
        ("amphetamine", {"amphetamine"}),
        ("methylphenidate", {"methylphenidate"}),
        ("diazepam", {"diazepam", "nordiazepam", "temazepam", "oxazepam", "benzodiazepine"}),
        ("lorazepam", {"lorazepam", "benzodiazepine"}),
        ("phenobarbital", {"phenobarbital", "barbiturates"}),
        ("amitriptyline", {"amitriptyline", "nortriptyline", "tricyclics"}),
    ],
)
def test_a_prescription_explains_itself_its_metabolites_and_the_class_test(prescribed, explained):
    assert explained_by([prescribed]) == explained


def test_no_prescription_explains_heroin():
    assert not SHIPPED.can_be_prescribed("6-mam")
    assert SHIPPED.explained_in_prescriptions("6-mam") == ()
    assert explained_by(["6-mam"]) == frozenset()
    assert explained_by(SHIPPED.names) == set(SHIPPED.names) - {"6-mam", "delta-8-thc"}


def test_an_analyte_knows_whose_prescription_explains_it():
    assert SHIPPED.explained_in_prescriptions("opiates") == ("codeine", "hydrocodone", "hydromorphone", "morphine")
    assert SHIPPED.explained_in_prescriptions("cocaine") == ()


some_analytes = st.sets(st.sampled_from(sorted(VOCABULARY)))


@given(some_analytes, some_analytes)
def test_two_prescriptions_explain_what_each_explains_and_no_more(some, others):
    assert explained_by(some | others) == explained_by(some) | explained_by(others)


# --- The facility's own

OWN = """
[kava]
title = "Kava"
also = ["kav", "kavalactones"]
cutoff.urine = { presumptive = "12.5", source = "our laboratory", edition = "2026-03" }
window.urine = { high_days = 2, source = "our laboratory" }

[opiates]
also = ["our opiates"]
cutoff.urine = { presumptive = "300", source = "our cup" }

[oxycodone]
explains = { metabolites = ["oxymorphone"], class_tests = ["opi", "kava"], source = "our cup reacts to it" }
"""


def test_a_facility_adds_analytes_names_and_cutoffs():
    own = with_own(OWN)
    assert own.named("KAV") == "kava"
    assert "kava" in own.names
    assert own.described("kava").is_own
    assert not own.described("opiates").is_own
    assert own.cutoff_of("kava", "urine", SCREEN).amount == Decimal("12.5")
    assert own.cutoff_of("kava", "urine", SCREEN).edition == "2026-03"
    assert own.longest_window_days("kava", "urine") == 2
    assert own.named("our-opiates") == "opiates"
    assert own.cutoff_of("opiates", "urine", SCREEN).amount == 300
    assert own.cutoff_of("opiates", "urine", SCREEN).source == "our cup (unverified)"
    assert own.explained_by(["oxycodone"]) == {"oxycodone", "oxymorphone", "opiates", "kava"}


def test_what_a_facility_does_not_say_stays_as_it_ships():
    shipped = {name: described(name) for name in SHIPPED.names}
    own = with_own(OWN)
    assert own.cutoff_of("opiates", "oral-fluid", SCREEN) == shipped["opiates"].cutoffs["oral-fluid", SCREEN]
    assert own.window_of("opiates", "urine") == shipped["opiates"].windows["urine"]
    assert {name: own.described(name) for name in shipped if name not in ("opiates", "oxycodone")} == {
        name: analyte for name, analyte in shipped.items() if name not in ("opiates", "oxycodone")
    }


def test_a_record_stays_readable_when_the_facilitys_file_is_gone():
    assert described("kava").title == "kava"
    assert window_of("kava", "urine") is None
    assert cutoff_of("kava", "urine", SCREEN) is None
    assert loinc_of("kava", SCREEN) is None
    assert explained_by(["kava"]) == {"kava"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[kava", "not a TOML file"),
        ('[THC]\ntitle = "x"', "THC: not a name; write small letters, digits and hyphens, at most 40"),
        ('[thc]\ntitle = "x"', "thc: is cannabinoids already; write [cannabinoids], or choose another name"),
        ('[6mam]\ntitle = "x"', "6mam: is 6-mam already; write [6-mam], or choose another name"),
        ('[kava]\ntitle = "x"\n[ka-va]\ntitle = "y"', "ka-va: is the same as kava; write one of them"),
        ('[kava]\ntitle = "x"\nalso = ["coc"]', "kava.also: 'coc' is a name of cocaine; remove it"),
        ('[cocaine]\nalso = ["thc"]', "cocaine.also: 'thc' is a name of cannabinoids; remove it"),
        ('[cocaine]\ntitle = "x"', "cocaine.title: comes with the program and stays; remove the line"),
        ("[6-mam]\nprescribed = true", "6-mam.prescribed: comes with the program and stays; remove the line"),
        ("[kava]", 'kava.title: must be a line of text, such as title = "Kava"'),
        ('kava = "x"', "kava: unknown; an analyte is a table that begins with [kava]"),
        ('[kava]\ntitle = "x"\ncutof = 1', "kava.cutof: unknown; an analyte has title, also, prescribed"),
        ("[cocaine]\ncutoff.urine = { presumptive = '1' }", "cocaine.cutoff.urine.source: missing; say where"),
        (
            "[cocaine]\ncutoff.urine = { presumptive = 0.5, source = 'x' }",
            'cocaine.cutoff.urine.presumptive: must be an amount over 0 in quotes, such as "50" or "0.5"',
        ),
        ("[cocaine]\ncutoff.urine = { presumptive = '0', source = 'x' }", "must be an amount over 0"),
        ("[cocaine]\ncutoff.urine = { presumptive = 'NaN', source = 'x' }", "must be an amount over 0"),
        ("[cocaine]\ncutoff.urin = { presumptive = '1', source = 'x' }", "cocaine.cutoff.urin: unknown; it has urine"),
        ("[cocaine]\ncutoff.urine = { screen = '1', source = 'x' }", "cocaine.cutoff.urine.screen: unknown; it has"),
        ("[cocaine]\ncutoff.urine = { presumptive = '1', unit = 'x', source = 'x' }", "must be a unit such as"),
        ("[cocaine]\nwindow.urine = { low_days = 5, high_days = 2, source = 'x' }", "5 is more than high_days 2"),
        ("[cocaine]\nwindow.urine = { source = 'x' }", "cocaine.window.urine: high_days, and low_days if any"),
        ("[cocaine]\nloinc = { presumptive = '14314-8', source = 'x' }", "no LOINC code; copy it with its check digit"),
        ("[cocaine]\nexplains = { metabolites = ['sugar'], source = 'x' }", "cocaine.explains.metabolites: 'sugar' is"),
        ("[cocaine]\nloinc = 5", "cocaine.loinc: must be a table such as [cocaine.loinc]"),
        ("[cocaine]\nalso = 'coke'", "cocaine.also: must be a list of names"),
        (
            "[cocaine]\nwindow.urine = { high_days = 2, source = 'x', verified = 'yes' }",
            "verified must be one of primary, secondary, unverified",
        ),
        ("sources = 5", "sources: must be tables such as [sources.our-laboratory]"),
    ],
)
def test_a_problem_names_the_file_the_key_and_the_remedy(text, problem):
    with pytest.raises(FacilityFileError) as refused:
        _ = with_own(text).names
    assert problem in str(refused.value)
    assert all(line.startswith("own.toml: ") for line in refused.value.problems)
    assert problems_of(FacilityFile(text, "own.toml")) == refused.value.problems


def test_every_problem_is_told_at_once():
    text = '[thc]\ntitle = "x"\n[cocaine]\ntitle = "y"\n[kava]\n'
    assert len(problems_of(FacilityFile(text, "own.toml"))) == 3


def test_a_facilitys_file_is_looked_for_once_and_only_when_it_is_needed():
    asked = []
    vocabulary = Vocabulary(lambda: asked.append(1) or FacilityFile(OWN, "own.toml"))
    assert asked == []
    assert vocabulary.named("kava") == vocabulary.named("kav") == "kava"
    assert asked == [1]


any_value = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
entry_keys = st.sampled_from(["title", "also", "prescribed", "loinc", "cutoff", "window", "explains", "urine"])


@given(
    st.dictionaries(
        st.sampled_from(["kava", "cocaine", "thc", "sources", "limits"]),
        any_value | st.dictionaries(entry_keys, any_value | st.dictionaries(st.sampled_from(SPECIMENS), any_value)),
    )
)
def test_whatever_stands_in_a_file_no_shipped_analyte_loses_its_name(document):
    shipped, _ = read_table(DOCUMENT)
    vocabulary, _ = read_table(document, shipped)
    assert vocabulary.analytes.keys() >= shipped.analytes.keys()
    assert shipped.by_any_name.items() <= vocabulary.by_any_name.items()
