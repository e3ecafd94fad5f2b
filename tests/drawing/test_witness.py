"""The nights' lines that are kept outside: what `witness` prints, and what `verify --against` tells by them."""

import json
import shutil
from base64 import encodebytes
from pathlib import Path

import databases
import pytest
from conftest import MONDAY, Clinic, key_of, made_once

from testing_tracker import chance
from testing_tracker.rules.drawing.witness import read_witnesses

NEW_SEED = bytes(range(1, 33))


@made_once
def wednesday(clinic):
    """Three nights, and newcomers on the second day."""
    clinic.add("A17", "B04", schedule="random-3")
    clinic("draw")
    clinic.today = "2026-11-17"
    clinic("draw")
    clinic.add("C21", schedule="fixed-2")
    clinic("draw")
    clinic.today = "2026-11-18"
    clinic("draw")


@pytest.fixture
def lines(wednesday, tmp_path) -> Path:
    file = tmp_path / "lines.txt"
    file.write_text(wednesday("witness"))
    return file


def against(clinic: Clinic, file: Path) -> str:
    """What `verify` refuses because of the lines in a file."""
    return clinic.refused("verify", "--against", str(file))


def pages(clinic: Clinic) -> list[str]:
    return [f"{line['day']} {line['page']}" for line in clinic.json("witness")]


class TestWhatIsPrinted:
    def test_each_run_has_a_line_which_is_read_back(self, wednesday, lines):
        rows = wednesday.json("witness")
        assert [row["day"] for row in rows] == ["2026-11-16", "2026-11-17", "2026-11-17", "2026-11-18"]
        known = {page for (page,) in wednesday.rows("SELECT id FROM ledger_page")}
        assert {row["page"] for row in rows} <= known
        read = read_witnesses(lines.read_text()).lines
        assert [str(line) for line in read] == [f"{row['day']} page {row['page']} {row['digest']}" for row in rows]

    def test_some_days_of_them(self, wednesday):
        assert len(wednesday.json("witness", "--from", "2026-11-17")) == 3
        assert len(wednesday.json("witness", "--from", "2026-11-17", "--to", "2026-11-17")) == 2
        assert wednesday.run("witness", "--from", "2026-11-18", "--to", "2026-11-17").exit_code == 2

    def test_nothing_about_a_participant_is_in_it(self, wednesday):
        """A result that is logged is in a later page; who was drawn is in a digest with chances that are known."""
        before = wednesday("witness")
        wednesday.add("D30", schedule="random-3")
        assert wednesday("witness") == before

    def test_a_run_of_an_earlier_version_has_none(self, wednesday):
        databases.change(
            wednesday.database, "UPDATE pool SET list_digest = NULL WHERE day = '2026-11-16'", triggers=False
        )
        assert "2026-11-16" not in wednesday("witness")


class TestWhatAgrees:
    @pytest.mark.parametrize("form", ["> {}", "<pre>{}</pre>", '{{"witness": ["{}"]}}'])
    def test_lines_in_any_text(self, wednesday, lines, form):
        text = "\n".join(form.format(line) for line in lines.read_text().splitlines())
        lines.write_text(f"On Monday we wrote:\n{text}\n")
        said = wednesday("verify", "--against", str(lines))
        assert "4 of 4 lines that were kept outside agree with the records." in said
        assert "All holds" in said

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
    def test_whatever_the_file_is_saved_as(self, wednesday, lines, encoding):
        lines.write_text(lines.read_text(), encoding=encoding)
        assert "4 of 4 lines" in wednesday("verify", "--against", str(lines))

    def test_a_mail_with_a_report_packed_in_it(self, wednesday, lines):
        packed = encodebytes(lines.read_bytes()).decode()
        head = "Subject: report\nMIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
        lines.write_text(f"{head}{packed}")
        assert "4 of 4 lines" in wednesday("verify", "--against", str(lines))

    def test_out_of_a_pipe(self, wednesday, lines):
        assert "4 of 4 lines" in wednesday("verify", "--against", "-", input=lines.read_text())

    def test_more_lines_than_there_can_be_nights(self, wednesday, lines):
        with lines.open("a") as file:
            file.writelines(f"2026-11-16 page {page} {'a' * 64}\n" for page in range(20_001))
        assert "it has more than 20,000 witness lines" in against(wednesday, lines)

    def test_those_of_several_facilities_are_compared_once(self, wednesday, tmp_path, monkeypatch):
        monkeypatch.setattr(chance, "new_seed", lambda: NEW_SEED)
        wednesday("facility", "add", "North", "--timezone", "UTC")
        wednesday("draw")
        file = tmp_path / "all.txt"
        file.write_text(wednesday("witness"))
        for words in ((), ("--facility", "North")):
            said = wednesday(*words, "verify", "--against", str(file))
            assert said.count("lines that were kept outside") == said.count("5 of 5 lines") == 1
        kept = file.read_text().splitlines()
        (of_north,) = [line for line in kept if "North: " in line]
        file.write_text(f"{of_north[:-1]}{'0' if of_north[-1] != '0' else '1'}\n")
        first, second = json.loads(wednesday.run("verify", "--against", str(file), "--format", "json").stdout)
        (problem,) = first["problems"]
        assert (problem["day"], first["agreed"]) == ("2026-11-18", 0)
        assert "another past was put in their place" in problem["what"]
        assert second["problems"] == []

    def test_years_of_nights_with_their_time_stamps_are_not_too_long(self, wednesday, lines):
        with lines.open("a") as file:
            file.writelines(f"time stamp of page {page}: {'A' * 6_000}\n" for page in range(5 * 365))
        done = wednesday.run("verify", "--against", str(lines))
        assert "4 of 4 lines" in done.stdout
        assert "1825 time stamps were not checked" in done.stderr

    def test_they_are_counted_for_programs_too(self, wednesday, lines):
        said = json.loads(wednesday("verify", "--against", str(lines), "--format", "json"))
        assert (said["agreed"], said["problems"]) == (4, [])
        assert "agreed" not in wednesday.json("verify")

    def test_what_is_cut_off_is_told_and_the_others_are_compared(self, wednesday, lines):
        lines.write_text(lines.read_text()[:-5])
        done = wednesday.run("verify", "--against", str(lines))
        assert done.exit_code == 0
        assert "the line that begins with '2026-11-18 page" in done.stderr
        assert "3 of 3 lines" in done.stdout

    def test_a_file_without_any_is_refused(self, wednesday, tmp_path):
        assert "cannot be read" in against(wednesday, tmp_path / "none.txt")
        (tmp_path / "empty.txt").write_text("nothing\n")
        assert "There is no witness line in" in against(wednesday, tmp_path / "empty.txt")

    def test_lines_of_nights_that_were_taken_back_agree(self, wednesday, tmp_path, monkeypatch):
        wednesday.today = "2026-11-25"
        wednesday("draw")
        file = tmp_path / "ahead.txt"
        file.write_text(wednesday("witness"))
        monkeypatch.setattr(chance, "new_seed", lambda: NEW_SEED)
        wednesday.today = "2026-11-19"
        wednesday("draw", "--take-back", "--reason", "the clock was ahead", "--yes")
        wednesday("draw")
        assert "5 of 5 lines" in wednesday("verify", "--against", str(file))


class TestWhatDoesNot:
    @pytest.fixture
    def old(self, wednesday, tmp_path) -> Clinic:
        """A copy of before the last night."""
        copy = wednesday.copy(tmp_path / "old.db")
        if key_of(wednesday.database).exists():
            shutil.copy(key_of(wednesday.database), key_of(copy.database))
        return copy

    def test_an_old_copy_that_was_brought_back(self, wednesday, old, tmp_path):
        wednesday.today = "2026-11-19"
        wednesday("draw")
        file = tmp_path / "later.txt"
        file.write_text(wednesday("witness"))
        assert "All holds" in old("verify")
        said = against(old, file)
        assert "2026-11-19: this night's line is of page" in said
        assert "an old copy was brought back, or what came later was erased" in said
        assert "4 of 5 lines that were kept outside agree" in said

    def test_and_went_on_from_there(self, wednesday, old, tmp_path):
        """Every page has its number again, and says something else."""
        wednesday.today = "2026-11-19"
        wednesday("draw")
        file = tmp_path / "later.txt"
        file.write_text(wednesday("witness"))
        old.today = "2026-11-19"
        for code in ("X1", "X2", "X3"):
            old.add(code, schedule="random-3")
        old("draw")
        assert "All holds" in old("verify")
        assert "2026-11-19: this night's line is of page" in against(old, file)
        assert "another past was put in their place" in against(old, file)

    def test_a_new_past_under_another_key(self, wednesday, lines, tmp_path, monkeypatch):
        """Somebody makes the clinic once more, and nobody who sees only that can tell."""
        monkeypatch.setattr(chance, "new_seed", lambda: NEW_SEED)
        forged = Clinic(tmp_path / "forged.db", MONDAY)
        forged("init", "--training", "--timezone", "America/Los_Angeles")
        forged.add("A17", "B04", schedule="random-3")
        for day in (16, 17, 18):
            forged.today = f"2026-11-{day}"
            forged("draw")
            for code in ("Y", "Z"):
                forged.add(f"{code}{day}", schedule="random-3")
        assert "All holds" in forged("verify")
        assert len(forged.json_of_refused("verify", "--against", str(lines))) == 4

    def test_a_day_that_was_erased(self, wednesday, lines, tmp_path):
        other = Clinic(tmp_path / "other.db", MONDAY)
        other("init", "--training", "--timezone", "America/Los_Angeles")
        other.add("A17", "B04", schedule="random-3")
        other("draw")
        for code in ("C1", "C2", "C3", "C4", "C5", "C6"):
            other.add(code, schedule="random-3")
        said = dict.fromkeys(
            problem[2].rpartition(", ")[2] for problem in other.json_of_refused("verify", "--against", str(lines))
        )
        assert any("no run of that day is on record: it was erased" in one for one in said)

    def test_one_digit(self, wednesday, lines):
        text = lines.read_text()
        at = text.index("\n") - 1
        lines.write_text(f"{text[:at]}{'0' if text[at] != '0' else '1'}{text[at + 1 :]}")
        ((day, _, said),) = wednesday.json_of_refused("verify", "--against", str(lines))
        assert day == MONDAY
        assert "another past was put in their place" in said

    def test_a_lists_digest_that_was_changed_is_named_without_any_line(self, wednesday):
        databases.change(
            wednesday.database, f"UPDATE pool SET list_digest = '{'0' * 64}' WHERE day = '2026-11-16'", triggers=False
        )
        said = wednesday.json_of_refused("verify")
        assert any(
            "the digest that the run kept of its list is not of those whom it decided on" in one[2] for one in said
        )


class TestProofs:
    @pytest.fixture
    def proof(self, wednesday, tmp_path) -> Path:
        file = tmp_path / "proof.json"
        wednesday("proof", "--day", "2026-11-17", "--output", str(file))
        return file

    def check(self, proof: Path, *arguments: str):
        return Clinic(proof.parent / "nowhere.db", None).run("proof", "check", str(proof), *arguments)

    def test_the_days_lines_close_it(self, proof, lines):
        for given in ([str(lines)], lines.read_text().splitlines()):
            done = self.check(proof, *(word for one in given for word in ("--against", one)))
            assert done.exit_code == 0
            assert "It is the list of the witness lines given." in done.stdout

    def test_without_them_it_says_what_it_cannot(self, proof):
        assert "That nobody was left out, only that night's witness line shows" in self.check(proof).stdout

    def test_a_run_without_a_line_is_said(self, proof, lines):
        first = lines.read_text().splitlines()[1]
        done = self.check(proof, "--against", first)
        assert done.exit_code == 0
        assert "but for the run on participants 3 to 3" in done.stdout

    def test_a_line_of_another_day_closes_nothing(self, proof, lines):
        done = self.check(proof, "--against", lines.read_text().splitlines()[0])
        assert (done.exit_code, "none of the lines given is of that day" in done.stderr) == (1, True)

    def test_the_name_is_that_of_the_night(self, wednesday, lines, tmp_path):
        """A facility that is called otherwise now was called so then, and its list still holds."""
        wednesday("facility", "rename", "Harbor House", "--reason", "moved")
        wednesday.today = "2026-11-19"
        wednesday("draw")
        assert "All holds" in wednesday("verify", "--against", str(lines))
        named = {}
        for day in ("2026-11-17", "2026-11-18"):
            file = tmp_path / f"{day}.json"
            wednesday("proof", "--day", day, "--output", str(file))
            named[day] = json.loads(file.read_text())["facility"]
            assert self.check(file, "--against", str(lines)).exit_code == 0
        assert set(named.values()) == {"My facility (TRAINING)"}


class TestTheReport:
    """The week's last line stands at its end, so whoever keeps reports keeps it; as JSON it has each night's."""

    @pytest.fixture
    def next_monday(self, wednesday) -> Clinic:
        wednesday.today = "2026-11-23"
        wednesday("draw")
        return wednesday

    @pytest.mark.parametrize(("form", "many"), [("table", 1), ("html", 1), ("json", 4)])
    def test_the_weeks_lines_are_read_out_of_each_form(self, next_monday, tmp_path, form, many):
        file = tmp_path / "report"
        next_monday("report", "weekly", "--format", form, "--output", str(file))
        lines = next_monday("witness", "--to", "2026-11-22").splitlines()
        assert [f"TRAINING {line}" for line in read_witnesses(file.read_text()).lines] == lines[-many:]
        assert len(lines) == 4
        assert f"{many} of {many} lines" in next_monday("verify", "--against", str(file))

    def test_it_is_in_the_pdf_too(self, next_monday, tmp_path):
        from pypdf import PdfReader

        file = tmp_path / "report.pdf"
        next_monday("report", "weekly", "--format", "pdf", "--output", str(file))
        text = "\n".join(page.extract_text() for page in PdfReader(file).pages)
        assert len(read_witnesses(text).lines) == 1
        assert "out of a pdf copy it into a text" in against(next_monday, file)

    def test_a_court_is_told_nothing_of_them(self, next_monday):
        assert "Witness" not in next_monday("report", "weekly", "--for", "court", "--participant", "A17")

    def test_a_week_printed_again_is_the_same(self, next_monday):
        before = next_monday("report", "weekly")
        next_monday.add("D30", schedule="random-3")
        next_monday("draw")
        assert next_monday("report", "weekly") == before
