"""The names of analytes as reports and cups print them."""

import tomllib
from contextlib import suppress
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.testing.analyte_table import bare, names_meant
from testing_tracker.rules.testing.analytes import SHIPPED, UnknownAnalyteError

DOCUMENT = tomllib.loads(files("testing_tracker.rules.testing").joinpath("analytes.toml").read_text(encoding="utf-8"))
KNOWN = {
    bare(called): name
    for name, entry in DOCUMENT.items()
    if name != "sources"
    for called in (name, *entry.get("also", ()))
}


@pytest.mark.parametrize(
    ("printed", "analyte"),
    [
        ("BARBITURATES URINE", "barbiturates"),
        ("OPIATES URINE", "opiates"),
        ("Phencyclidine Screen, Urine", "phencyclidine"),
        ("Benzodiazepines Screen, Urine", "benzodiazepine"),
        ("Phencyclidine (PCP)", "phencyclidine"),
        ("(PCP)", "phencyclidine"),
        ("THC (Marijuana)", "cannabinoids"),
        ("Kratom (Mitragynine)", "mitragynine"),
        ("Alcohol (Ethanol)", "alcohol"),
        ("Amphetamines 500", "amphetamine"),
        ("Amphetamines (AMP) 500 ng/mL", "amphetamine"),
        ("Fentanyl 1 ng/mL", "fentanyl"),
        ("Methylenedioxymethamphetamine (MDMA) Ecstasy", "mdma"),
        ("Carboxy-delta-9-THC", "cannabinoids"),
        ("delta-8-THC", "delta-8-thc"),
        ("K2", "synthetic-cannabinoids"),
        ("Cocaine metabolite, urine, by LC-MS/MS", "cocaine"),
        ("Oxycodone LC/MS/MS", "oxycodone"),
        ("Oxycodone Confirmation, Urine", "oxycodone"),
        ("Norfentanyl, Quant", "norfentanyl"),
        ("Methadone metabolite", "eddp"),
        ("Marijuana/THC", "cannabinoids"),
        *((name, name) for name in ("noroxycodone", "norhydrocodone", "norpropoxyphene", "naloxone", "naltrexone")),
        *((name, name) for name in ("carisoprodol", "meprobamate", "cotinine", "nitazenes", "tianeptine", "phenibut")),
        *((name, name) for name in ("secobarbital", "meperidine", "norfentanyl", "norbuprenorphine", "eddp")),
    ],
)
def test_names_on_reports(printed, analyte):
    assert SHIPPED.named(printed) == analyte


@pytest.mark.parametrize(
    ("printed", "analyte"),
    [
        ("AMP500", "amphetamine"),
        ("BAR300", "barbiturates"),
        ("BUP10", "buprenorphine"),
        ("BZO300", "benzodiazepine"),
        ("COC150", "cocaine"),
        ("ETG500", "etg"),
        ("FTY20", "fentanyl"),
        ("K2 25", "synthetic-cannabinoids"),
        ("MDMA500", "mdma"),
        ("MAMP500", "methamphetamine"),
        ("MOP300", "morphine"),
        ("MTD300", "methadone"),
        ("OXY100", "oxycodone"),
        ("PCP25", "phencyclidine"),
        ("THC50", "cannabinoids"),
        ("TRA250", "tramadol"),
    ],
)
def test_names_on_cups(printed, analyte):
    assert SHIPPED.named(printed) == analyte


@pytest.mark.parametrize(
    "printed", ["MAM-2201", "MAM2201", "THC-O", "Codeine, free", "Urine", "500", "Screen", "delta-10-THC", "UR-144"]
)
def test_what_is_not_known_is_not_guessed(printed):
    with pytest.raises(UnknownAnalyteError, match="is not an analyte"):
        SHIPPED.named(printed)


@pytest.mark.parametrize("printed", ["Methadone (EDDP)", "Amphetamine/Methamphetamine", "Alcohol (EtG)"])
def test_a_name_of_two_analytes_is_refused_with_both(printed):
    with pytest.raises(UnknownAnalyteError, match=r"names .* and "):
        SHIPPED.named(printed)


def test_no_name_of_the_vocabulary_stands_for_two():
    said = [bare(called) for name in SHIPPED.names for called in {bare(name), *map(bare, SHIPPED.described(name).also)}]
    assert len(said) == len(set(said))


names = st.sampled_from(sorted({name for name in DOCUMENT if name != "sources"}))
called = names.flatmap(lambda name: st.sampled_from([name, *DOCUMENT[name].get("also", ())]))
around = st.sampled_from(["{}", "{} URINE", "{} Screen, Urine", "{} 500", "{}500", "{} (25 ng/mL)", "{}, by LC-MS/MS"])


@given(called, around)
def test_what_stands_around_a_name_never_makes_it_another_one(name, form):
    assert names_meant(form.format(name), KNOWN) <= {KNOWN[bare(name)]}


@given(called, called)
def test_two_names_are_both_named_or_nothing(one, other):
    both = {KNOWN[bare(one)], KNOWN[bare(other)]}
    assert names_meant(f"{one} ({other})", KNOWN) in (both, frozenset())


@given(st.text(alphabet="AaMmPpCcOoTtHhKk0125 ()/,-.", max_size=24))
def test_any_text_names_analytes_of_the_vocabulary_or_is_refused(text):
    with suppress(UnknownAnalyteError):
        assert SHIPPED.named(text) in SHIPPED.names
