"""Enrolment, levels of care, schedules, leave and discharge are histories; nothing is overwritten."""


def test_a_participant_is_enrolled_and_listed_by_code(clinic):
    clinic.add("B2", level="php")
    clinic.add("a17", schedule="random-3", enrolled="2026-11-02")
    assert clinic.json("participant", "list") == [
        {
            "participant": "a17",
            "level": "iop",
            "schedule": "random-3",
            "enrolled_on": "2026-11-02",
            "status": "active",
        },
        {"participant": "B2", "level": "php", "schedule": "fixed-2", "enrolled_on": "2026-11-16", "status": "active"},
    ]


def test_a_code_is_given_once_in_whatever_case(clinic):
    clinic.add("A17")
    assert "There is a participant A17 already" in clinic.refused(
        "participant", "add", "a17", "--schedule", "fixed-1", "--level", "iop"
    )


def test_an_unknown_schedule_is_refused_with_those_there_are(clinic):
    message = clinic.refused("participant", "add", "A17", "--schedule", "fixed-9", "--level", "iop")
    assert message == (
        "There is no schedule 'fixed-9'. The schedules are fixed-1, fixed-2, fixed-3, random-1, random-2, random-3."
    )


def test_a_name_is_shown_only_when_asked_for_and_that_is_on_record(clinic):
    clinic.add("A17", name="Jane Example")
    clinic("draw")
    clinic("result", "A17", "positive", "--analyte", "cocaine")
    for command in (
        ("participant", "list"),
        ("participant", "show", "A17"),
        ("due",),
        ("report", "weekly"),
        ("recommendation", "list"),
    ):
        for form in ("table", "csv", "json"):
            assert "Jane" not in clinic(*command, "--format", form)
    assert clinic.rows("SELECT * FROM audit_entry WHERE detail LIKE '%Jane%'") == []
    assert "Jane Example" in clinic("participant", "show", "A17", "--names")
    assert "Jane Example" in clinic("participant", "list", "--names")
    assert clinic.rows("SELECT count(*) FROM audit_entry WHERE act = 'names show'") == [(2,)]


def test_a_transfer_is_a_new_row(clinic):
    clinic.add("A17")
    clinic.today = "2026-11-20"
    clinic("participant", "transfer", "A17", "php", "--reason", "asked for it")
    assert "is in php already" in clinic.refused("participant", "transfer", "A17", "php", "--reason", "again")
    record = clinic.json("participant", "show", "A17")
    assert [(change["from_on"], change["what"], change["reason"]) for change in record["levels"]] == [
        ("2026-11-16", "iop", None),
        ("2026-11-20", "php", "asked for it"),
    ]


def test_a_new_schedule_binds_from_the_first_day_that_is_not_decided_yet(clinic):
    clinic.add("A17", schedule="fixed-2")
    assert "from 2026-11-16" in clinic("participant", "set-schedule", "A17", "fixed-1")
    clinic("draw")
    assert clinic.status("A17") == "none"
    assert "from 2026-11-17" in clinic("participant", "set-schedule", "A17", "fixed-2")
    clinic("draw")
    assert clinic.status("A17") == "none", "today was decided under fixed-1"
    assert "already" in clinic.refused("participant", "set-schedule", "A17", "fixed-2")


def test_leave_excuses_the_draws_on_its_days_also_those_closed_out_as_missed(clinic):
    clinic.add("A17", schedule="fixed-3")
    clinic("draw")
    for day in ("17", "18"):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    said = clinic("participant", "leave", "A17", "2026-11-16", "2026-11-20", "--reason", "hospital")
    assert said.count("is excused") == 2
    assert clinic.status("A17", "2026-11-16") == "excused"
    assert clinic.json("participant", "list")[0]["status"] == "on-leave"
    assert "to 2026-11-20: hospital" in clinic("participant", "show", "A17")
    assert "has a leave" in clinic.refused("participant", "leave", "A17", "2026-11-20", "2026-11-22", "--reason", "x")
    assert "before it begins" in clinic.refused(
        "participant", "leave", "A17", "2026-11-25", "2026-11-22", "--reason", "x"
    )


def test_who_is_back_early_is_drawn_again(clinic):
    clinic.add("A17", schedule="fixed-3")
    clinic("participant", "leave", "A17", "2026-11-16", "2026-11-27", "--reason", "travel")
    clinic("draw")
    clinic.today = "2026-11-18"
    assert "on leave today" in clinic.refused("test", "A17")
    clinic("participant", "return", "A17")
    clinic("draw")
    assert clinic.status("A17") == "due"
    assert "not on leave" in clinic.refused("participant", "return", "A17")


def test_a_discharge_ends_the_draws_and_cancels_todays(clinic):
    clinic.add("A17")
    clinic("draw")
    said = clinic("participant", "discharge", "A17", "--reason", "completed")
    assert "The draw of 2026-11-16 is cancelled." in said
    assert clinic.status("A17") == "cancelled"
    for command in (
        ("test", "A17"),
        ("participant", "transfer", "A17", "php", "--reason", "x"),
        ("participant", "set-schedule", "A17", "fixed-1"),
        ("participant", "discharge", "A17", "--reason", "x"),
    ):
        assert "was discharged" in clinic.refused(*command)
    assert "was cancelled" in clinic.refused("missed", "A17")
    clinic("result", "A17", "negative")
    assert clinic.status("A17") == "collected negative", "the specimen was given before the discharge"


def test_a_discharged_participant_is_readmitted_knowingly(clinic):
    clinic.add("A17")
    clinic("participant", "discharge", "A17", "--reason", "completed")
    clinic.today = "2026-11-23"
    again = ("participant", "add", "A17", "--schedule", "fixed-2", "--level", "php")
    assert "add --readmit" in clinic.refused(*again)
    clinic(*again, "--readmit")
    record = clinic.json("participant", "show", "A17")
    assert (record["status"], record["level"], record["enrolled_on"]) == ("active", "php", "2026-11-23")
    clinic("draw")
    assert clinic.status("A17") == "due"
    assert "to readmit" in clinic.refused(
        "participant", "add", "NEW", "--schedule", "fixed-2", "--level", "php", "--readmit"
    )


def test_a_readmission_brings_its_own_schedule_whatever_was_set_before(clinic):
    clinic.add("A17")
    clinic("draw")
    assert "from 2026-11-17" in clinic("participant", "set-schedule", "A17", "fixed-3")
    clinic("participant", "discharge", "A17", "--reason", "left")
    clinic("participant", "add", "A17", "--schedule", "fixed-1", "--level", "php", "--readmit")
    for day in ("17", "18", "19", "20"):
        clinic.today = f"2026-11-{day}"
        clinic("draw")
    assert [(draw["due_on"], draw["kind"]) for draw in clinic.json("participant", "show", "A17")["draws"]] == [
        ("2026-11-16", "fixed"),
        ("2026-11-18", "fixed"),
    ]
    assert clinic.json("participant", "show", "A17")["schedule"] == "fixed-1"
    assert {line["schedule"] for line in clinic.json("due", "--on", "2026-11-18")} == {"fixed-1"}


def test_a_readmission_ends_the_leaves_from_before(clinic):
    clinic.add("A17", "B3", schedule="fixed-3")
    clinic("participant", "leave", "A17", "2026-11-16", "2026-11-27", "--reason", "travel")
    clinic("participant", "leave", "A17", "2026-12-01", "2026-12-04", "--reason", "court")
    clinic("participant", "discharge", "A17", "--reason", "left")
    clinic.today = "2026-11-18"
    clinic("participant", "add", "A17", "--schedule", "fixed-3", "--level", "php", "--readmit")
    clinic("draw")
    assert clinic.status("A17") == "due"
    record = clinic.json("participant", "show", "A17")
    assert record["status"] == "active"
    assert [(leave["from_on"], leave["to_on"]) for leave in record["leaves"]] == [("2026-11-16", "2026-11-17")]
    clinic("participant", "leave", "A17", "2026-11-30", "2026-12-02", "--reason", "the days are free again")


def enrolled(clinic, code="A17"):
    (line,) = [line for line in clinic.json("participant", "list") if line["participant"] == code]
    shown = clinic.json("participant", "show", code)
    assert {key: shown[key] for key in line} == line, "the list and the record say the same"
    return line["status"], line["enrolled_on"]


def test_an_enrolment_to_come_can_be_called_off_once(clinic):
    clinic.add("A17", enrolled="2026-11-30")
    assert enrolled(clinic) == ("active", "2026-11-30")
    clinic("participant", "discharge", "A17", "--reason", "changed plans")
    assert enrolled(clinic) == ("discharged", "2026-11-30")
    assert "was discharged" in clinic.refused("participant", "discharge", "A17", "--reason", "again")
    clinic.today = "2026-11-30"
    clinic("draw")
    assert clinic.status("A17") == "none"
    assert enrolled(clinic) == ("discharged", "2026-11-30")


def test_who_was_called_off_can_come_before_the_day_first_planned(clinic):
    clinic.add("A17", enrolled="2026-11-30", schedule="fixed-1")
    clinic("participant", "discharge", "A17", "--reason", "changed plans")
    clinic.today = "2026-11-17"
    again = ("participant", "add", "A17", "--schedule", "fixed-2", "--level", "php", "--readmit")
    assert "discharged on 2026-11-16" in clinic.refused(*again, "--enrolled", "2026-11-15")
    clinic(*again, "--enrolled", "2026-11-19")
    clinic.today = "2026-11-19"
    assert enrolled(clinic) == ("active", "2026-11-19")
    clinic("draw")
    assert clinic.status("A17") == "due"
    clinic("participant", "transfer", "A17", "residential", "--reason", "crisis")
    clinic("participant", "set-schedule", "A17", "fixed-3")
    clinic.today = "2026-11-30"
    clinic("draw")
    assert clinic.status("A17") == "due"
    record = clinic.json("participant", "show", "A17")
    assert (record["level"], record["schedule"], record["enrolled_on"]) == ("residential", "fixed-3", "2026-11-19")
    (line,) = clinic.json("report", "weekly", "--week", "2026-W49")["participants"]
    assert len(line["pattern"]) == 3, "since the week of 2026-11-19"


def test_a_readmission_to_come_is_said_and_can_be_called_off(clinic):
    clinic.add("A17")
    clinic("participant", "discharge", "A17", "--reason", "left")
    clinic(
        "participant", "add", "A17", "--schedule", "fixed-2", "--level", "iop", "--readmit", "--enrolled", "2026-11-19"
    )
    assert enrolled(clinic) == ("discharged", "2026-11-19")
    message = clinic.refused("test", "A17")
    assert message == "A17 is discharged until 2026-11-19, when the next enrolment begins."
    clinic("participant", "discharge", "A17", "--reason", "changed plans")
    assert "was discharged" in clinic.refused("participant", "discharge", "A17", "--reason", "again")
    clinic.today = "2026-11-19"
    clinic("draw")
    assert clinic.status("A17") == "none"
    assert enrolled(clinic)[0] == "discharged"
