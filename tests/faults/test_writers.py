"""Eight nurses at once: nothing lost, nothing twice, and nobody is told that the database is busy."""

NURSES = 8
CUPS_EACH = 125


def test_a_thousand_results_at_once(clinic, forks, tmp_path):
    codes = [f"P{number:04}" for number in range(NURSES * CUPS_EACH)]
    file = tmp_path / "people.csv"
    file.write_text(
        "participant,level,schedule,enrolled_on\n" + "".join(f"{code},iop,fixed-2,2026-11-16\n" for code in codes)
    )
    clinic("participant", "import", str(file))
    clinic("draw")
    cups = [codes[nurse::NURSES] for nurse in range(NURSES)]
    typed = ["".join(f"{code} {'coc' if code.endswith('7') else 'n'}\n" for code in row) for row in cups]
    ended = forks.run_together([forks.planned(clinic, "log", typed=lines) for lines in typed])
    assert [(one.status, one.err) for one in ended] == [(0, "")] * NURSES
    assert all(f"Logged {CUPS_EACH}: negative" in one.out for one in ended)
    due = {line["participant"]: line["outcome"] for line in clinic.json("due")}
    assert due == {code: "positive" if code.endswith("7") else "negative" for code in codes}
    assert clinic.rows("SELECT count(*) FROM result") == [(1_000,)]
    assert clinic.rows("SELECT count(*), count(DISTINCT draw_id) FROM audit_entry WHERE act = 'result log'") == [
        (1_000, 1_000)
    ]
    assert clinic.rows("SELECT count(*), count(DISTINCT participant_id) FROM recommendation") == [(100, 100)]
    assert "All holds" in clinic("verify")
