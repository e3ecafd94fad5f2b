"""What a cup and a laboratory say together, analyte by analyte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.testing.analytes import SHIPPED
from testing_tracker.rules.testing.settling import Statement, together
from testing_tracker.rules.words import Outcome

NEGATIVE, POSITIVE, INVALID = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INVALID
PANEL = "cocaine fentanyl opiates buprenorphine benzodiazepine amphetamine cannabinoids"


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def cup(found: str = "", outcome: Outcome | None = None) -> Statement:
    return Statement(outcome or (POSITIVE if found else NEGATIVE), names(found), names(PANEL))


def laboratory(found: str = "", looked_for: str = "", outcome: Outcome | None = None) -> Statement:
    return Statement(outcome or (POSITIVE if found else NEGATIVE), names(found), names(looked_for))


BENZODIAZEPINES = "alprazolam clonazepam lorazepam chlordiazepoxide diazepam nordiazepam oxazepam temazepam"


@pytest.mark.parametrize(
    ("said", "confirmed_by", "outcome", "confirmed", "presumptive"),
    [
        # a plain negative is about all that the cup found
        (cup("cocaine fentanyl"), laboratory(), NEGATIVE, "", ""),
        (cup(), laboratory(), NEGATIVE, "", ""),
        # one that names analytes is about those
        (cup("cocaine fentanyl"), laboratory(looked_for="fentanyl"), POSITIVE, "", "cocaine"),
        (cup("cocaine fentanyl"), laboratory(looked_for="fentanyl cocaine"), NEGATIVE, "", ""),
        (cup("cocaine fentanyl"), laboratory("fentanyl"), POSITIVE, "fentanyl", "cocaine"),
        (cup("cocaine fentanyl"), laboratory("fentanyl", "cocaine"), POSITIVE, "fentanyl", ""),
        (cup("cocaine"), laboratory("fentanyl"), POSITIVE, "fentanyl", "cocaine"),
        (cup(), laboratory("fentanyl"), POSITIVE, "fentanyl", ""),
        (cup("cocaine"), laboratory(looked_for="fentanyl"), POSITIVE, "", "cocaine"),
        # a class is covered by any member found
        (cup("opiates"), laboratory("morphine"), POSITIVE, "morphine", ""),
        (cup("opiates cocaine"), laboratory("6-mam morphine"), POSITIVE, "6-mam morphine", "cocaine"),
        (cup("benzodiazepine"), laboratory("diazepam"), POSITIVE, "diazepam", ""),
        (cup("amphetamine"), laboratory("methamphetamine"), POSITIVE, "methamphetamine", ""),
        (cup("opiates"), laboratory("fentanyl"), POSITIVE, "fentanyl", "opiates"),
        # by its own name
        (cup("opiates"), laboratory(looked_for="opiates"), NEGATIVE, "", ""),
        # and by members that were not found only where all of them were looked for
        (cup("benzodiazepine"), laboratory(looked_for="diazepam oxazepam"), POSITIVE, "", "benzodiazepine"),
        (cup("benzodiazepine"), laboratory(looked_for=BENZODIAZEPINES), NEGATIVE, "", ""),
        (cup("opiates"), laboratory(looked_for="codeine morphine"), POSITIVE, "", "opiates"),
        (
            cup("opiates"),
            laboratory(looked_for="codeine morphine hydrocodone hydromorphone 6-mam"),
            NEGATIVE,
            "",
            "",
        ),
        # a substance that is also the name of a class test is no class: its own name has to be looked for
        (cup("fentanyl"), laboratory(looked_for="norfentanyl"), POSITIVE, "", "fentanyl"),
        (cup("oxycodone"), laboratory(looked_for="oxymorphone"), POSITIVE, "", "oxycodone"),
        # a metabolite speaks for its parent, and a parent for what the body makes of it
        (cup("fentanyl"), laboratory("norfentanyl"), POSITIVE, "norfentanyl", ""),
        (cup("morphine"), laboratory("codeine"), POSITIVE, "codeine", ""),
        (cup("codeine"), laboratory("morphine"), POSITIVE, "morphine", "codeine"),
        # a specimen that was not enough says nothing
        (cup("cocaine"), laboratory(outcome=INVALID), POSITIVE, "", "cocaine"),
        (cup(), laboratory(outcome=INVALID), NEGATIVE, "", ""),
        (None, laboratory(outcome=INVALID), INVALID, "", ""),
        # an invalid cup found nothing that could stay
        (cup(outcome=INVALID), laboratory(looked_for="fentanyl"), NEGATIVE, "", ""),
        (cup(outcome=INVALID), laboratory("fentanyl"), POSITIVE, "fentanyl", ""),
        (cup(outcome=INVALID), laboratory(outcome=INVALID), INVALID, "", ""),
        # either alone
        (cup("cocaine"), None, POSITIVE, "", "cocaine"),
        (None, laboratory("cocaine"), POSITIVE, "cocaine", ""),
        (None, laboratory(), NEGATIVE, "", ""),
    ],
)
def test_the_laboratory_governs_what_it_looked_at(said, confirmed_by, outcome, confirmed, presumptive):
    found = together(SHIPPED, said, confirmed_by)
    assert (found.outcome, found.confirmed, found.presumptive) == (outcome, names(confirmed), names(presumptive))


def test_without_a_result_nothing_is_said():
    assert together(SHIPPED, None, None) is None


@pytest.mark.parametrize(
    ("said", "confirmed_by", "absent"),
    [
        (cup("cocaine"), laboratory("cocaine"), "buprenorphine"),  # the cup looked for it, and nobody else
        (cup("cocaine"), laboratory(outcome=INVALID), "buprenorphine"),
        (cup("cocaine"), laboratory(), "buprenorphine"),
        (cup("buprenorphine"), laboratory(), ""),  # withdrawn, without being named: a doubt
        (cup("buprenorphine"), laboratory(looked_for="buprenorphine"), "buprenorphine"),
        (cup(outcome=INVALID), laboratory(), ""),
        (None, laboratory(looked_for="buprenorphine"), "buprenorphine"),
    ],
)
def test_what_was_looked_for_and_is_not_there(said, confirmed_by, absent):
    found = together(SHIPPED, said, confirmed_by)
    assert names("buprenorphine") & (found.looked_for - found.found) == names(absent)


analytes = st.frozensets(st.sampled_from(sorted(SHIPPED.names)), max_size=6)


@given(analytes, analytes, analytes)
def test_whatever_is_said_nothing_is_lost_and_nothing_made_up(found, confirmed, looked_for):
    said = Statement(POSITIVE if found else NEGATIVE, found, found | names(PANEL))
    by = Statement(POSITIVE if confirmed else NEGATIVE, confirmed, looked_for)
    both = together(SHIPPED, said, by)
    assert both.confirmed == confirmed
    assert both.presumptive <= found
    assert not both.presumptive & (confirmed | looked_for)
    assert (both.outcome is POSITIVE) == bool(both.found)
