"""Draws that nobody can predict and anybody can check: the chain of secrets, and who is drawn."""

import hashlib
import hmac
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.drawing.day_secrets import (
    DAYS_IN_A_CHAIN,
    chain_of,
    drawn_among,
    hashed,
    is_below,
    seal,
    ticket,
)

SEED = bytes(range(32))
FIRST = date(2026, 11, 16)
SHORT = chain_of(SEED, FIRST, days=400)

chances = st.fractions(min_value=0, max_value=1, max_denominator=1000)
ids = st.integers(min_value=1, max_value=10**9)


def test_a_days_secret_is_the_sha256_preimage_of_the_day_befores():
    for number in range(1, 400):
        day = FIRST + timedelta(days=number)
        before = SHORT.secret(SEED, day - timedelta(days=1))
        assert hashlib.sha256(SHORT.secret(SEED, day)).digest() == before


def test_the_first_days_secret_hashes_to_the_anchor():
    assert hashlib.sha256(SHORT.secret(SEED, FIRST)).digest() == SHORT.anchor
    assert SHORT.hashes(FIRST) == 1


def test_a_chain_lasts_fifty_years_and_not_a_day_longer():
    chain = chain_of(SEED, FIRST)
    last = FIRST + timedelta(days=DAYS_IN_A_CHAIN - 1)
    assert last >= FIRST.replace(year=FIRST.year + 50) - timedelta(days=1)
    assert chain.holds(chain.secret(SEED, last), last)
    for outside in (FIRST - timedelta(days=1), last + timedelta(days=1)):
        with pytest.raises(ValueError, match="is not one of the"):
            chain.secret(SEED, outside)


def test_the_seed_is_no_days_secret():
    last = FIRST + timedelta(days=399)
    assert SHORT.secret(SEED, last) == hashlib.sha256(SEED).digest() != SEED


def test_only_the_days_own_secret_holds():
    day = FIRST + timedelta(days=20)
    assert SHORT.holds(SHORT.secret(SEED, day), day)
    assert not SHORT.holds(SHORT.secret(SEED, day), day + timedelta(days=1))
    assert not SHORT.holds(bytes(32), day)


def test_from_a_secret_all_earlier_ones_follow():
    day = FIRST + timedelta(days=5)
    found = dict(SHORT.earlier(SHORT.secret(SEED, day), day))
    assert found == {FIRST + timedelta(days=n): SHORT.secret(SEED, FIRST + timedelta(days=n)) for n in range(6)}


def test_the_ticket_is_the_hmac_sha256_of_the_id():
    secret = SHORT.secret(SEED, FIRST)
    assert ticket(secret, 17) == hmac.new(secret, b"17", hashlib.sha256).digest()


@given(ids, chances)
def test_being_drawn_is_the_ticket_as_a_fraction_below_the_chance(number, chance):
    fraction = Fraction(int.from_bytes(ticket(SEED, number), "big"), 2**256)
    assert is_below(ticket(SEED, number), chance) is (fraction < chance)
    assert (drawn_among(SEED, [number], chance) == [number]) is (fraction < chance)


def test_a_chance_just_above_and_just_at_a_ticket():
    found = int.from_bytes(ticket(SEED, 17), "big")
    at, above = Fraction(found, 2**256), Fraction(found + 1, 2**256)
    assert drawn_among(SEED, [17], at) == []
    assert drawn_among(SEED, [17], above) == [17]
    just_above = at + Fraction(1, 2**300)
    assert drawn_among(SEED, [17], just_above) == [17] * is_below(ticket(SEED, 17), just_above) == [17]


def test_nobody_at_chance_0_and_everybody_at_chance_1():
    everybody = list(range(1, 100))
    assert drawn_among(SEED, everybody, Fraction(0)) == []
    assert drawn_among(SEED, everybody, Fraction(1)) == everybody
    assert drawn_among(SEED, everybody, 1 - Fraction(1, 2**300)) == everybody


@given(st.sets(ids, min_size=1), st.data(), chances)
def test_nobody_elses_presence_or_order_changes_ones_draw(everybody, data, chance):
    others = data.draw(st.permutations(sorted(everybody)))
    some = data.draw(st.sets(st.sampled_from(others)))
    drawn = set(drawn_among(SEED, others, chance))
    assert set(drawn_among(SEED, sorted(some), chance)) == drawn & some
    assert drawn_among(SEED, others, chance) == drawn_among(SEED, others, chance)


# A million participant-days with one fixed key: 1,000 participants, 143 weeks, two tests a week on average.
CHANCE = Fraction(2, 7)
PEOPLE = 1_000
DAYS = 1_001


@pytest.fixture(scope="module")
def drawn() -> list[set[int]]:
    """Who is drawn, a day at a time."""
    chain = chain_of(SEED, FIRST, days=DAYS)
    last = FIRST + timedelta(days=DAYS - 1)
    secrets = [secret for _, secret in chain.earlier(chain.secret(SEED, last), last)][::-1]
    return [set(drawn_among(secret, range(1, PEOPLE + 1), CHANCE)) for secret in secrets]


def is_near(count: int, tries: int, chance: Fraction = CHANCE) -> bool:
    """Within four standard deviations of what chance alone does."""
    return abs(count - tries * float(chance)) < 4 * sqrt(tries * float(chance * (1 - chance)))


def test_every_weekday_has_its_share(drawn):
    counts = Counter()
    for number, people in enumerate(drawn):
        counts[number % 7] += len(people)
    assert len(counts) == 7
    assert all(is_near(count, DAYS // 7 * PEOPLE) for count in counts.values())


def test_a_draw_yesterday_changes_nothing_today(drawn):
    after_a_draw = sum(len(today & before) for before, today in pairwise(drawn))
    assert is_near(after_a_draw, sum(len(people) for people in drawn[:-1]))


def test_one_participants_draw_says_nothing_about_anothers(drawn):
    together = sum(n in people and n + 1 in people for people in drawn for n in range(1, PEOPLE, 2))
    assert is_near(together, DAYS * PEOPLE // 2, CHANCE**2)


def test_every_participant_has_the_same_share(drawn):
    counts = Counter(number for people in drawn for number in people)
    variance = sum((counts[n] - DAYS * 2 / 7) ** 2 for n in range(1, PEOPLE + 1)) / PEOPLE
    assert 0.85 < variance / (DAYS * 2 / 7 * 5 / 7) < 1.15


def test_a_seal_changes_with_what_it_is_over_and_with_the_key():
    assert len({seal(SEED, b"one"), seal(SEED, b"two"), seal(hashed(SEED, 1), b"one")}) == 3
