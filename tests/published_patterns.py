"""Use patterns of real participants with the outcome measures that were published for them."""

import csv
import os
from pathlib import Path

EXCERPT = Path(__file__).parent / "reporting" / "ctn0094_use_patterns.csv"
FULL_DATA = os.environ.get("CTN0094_DATA")
PUBLISHED_AS = {
    "negative_weeks": "Ab_fiellin_2006",
    "proportion_negative": "Rd_fiellin_2006",
    "proportion_negative_provided": "Rd_fudala_2003",
    "proportion_negative_retained": "Rd_mattickA_2003",
    "three_negatives": "Ab_kosten_1993",
    "three_positives": "Rs_krupitsky_2004",
    "relapse_ctn0094_week": "RsT_ctnNinetyFour_2023",
    "relapse_ctn0094": "RsE_ctnNinetyFour_2023",
    "relapse_lee2016_week": "RsT_lee_2016",
    "relapse_lee2016": "RsE_lee_2016",
    "dropout_week": "DrT_ctnNinetyFour_2023",
    "dropout": "DrE_ctnNinetyFour_2023",
}


def patterns(file):
    with Path(file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def number(published):
    return {"True": 1.0, "False": 0.0}[published] if published in ("True", "False") else float(published)
