"""A specimen that was too cold or too warm when it was handed over: another one is collected, under observation.

49 CFR 40.65(b)(5), which the limits' file has by its edition: both specimens are tested. The first one's result stands
until the second one's: a temperature says that something may be wrong, not what the cup should have said.
"""

from decimal import Decimal

from testing_tracker.rules.testing.specimen_limits import limits_of
from testing_tracker.rules.testing.specimens import Measurements, temperature_is_out_of_range
from testing_tracker.rules.words import Outcome


def calls_for_another(kind: str, temperature: str | None) -> bool:
    """Whether a specimen with this temperature (degrees Celsius, None is not measured) calls for another one."""
    return temperature is not None and temperature_is_out_of_range(kind, Measurements(temperature=Decimal(temperature)))


def advice(kind: str, temperature: str | None, outcome: Outcome | None, code: str) -> list[str]:
    """What a nurse is told of a specimen with this temperature and what its test said; nothing of one in range.

    Only a negative is collected again for the same draw, where the second cup's result stands in its place. Beside a
    positive, or a cup whose result is to come, another test is ordered.
    """
    if not calls_for_another(kind, temperature):
        return []
    limits = limits_of(kind)
    assert limits is not None, "it is out of a range"
    between = f"{limits['temperature_from']} to {limits['temperature_to']} C"
    how = " --recollect" if outcome in (Outcome.NEGATIVE, Outcome.INVALID) else " --reason 'out of range'"
    return [
        f"the specimen was {temperature} C, outside {between}: collect another one now, observed "
        f"(`testing-tracker test {code}{how}`, then --observed); what this one says stays on record"
    ]
