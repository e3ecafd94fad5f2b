"""A pdf shows names in any script that its fonts have, and says whose name it could not show."""

import io

import pytest
from pypdf import PdfReader

from testing_tracker.reports.paper import pdf as glyphs

SHOWN = {
    "王小明": "DroidSansFallback",
    "山田 さくら": "DroidSansFallback",
    "김민준": "DroidSansFallback",
    "محمد علي": "NotoSansArabic-Regular",
    "اردو ٹھیک ہے": "NotoSansArabic-Regular",
    "גדי כהן": "DejaVuSans",
    "Наталья Їжак": "DejaVuSans",
    "Nguyễn Thị Ánh": "DejaVuSans",
    "प्रिया शर्मा": "NotoSansDevanagari-Regular",
    "สมชาย ใจดี": "NotoSansThai-Regular",
    "முருகன்": "NotoSansTamil-Regular",
    "አበበ በቀለ": "NotoSansEthiopic-Regular",
}
NOT_SHOWN = {"Sam 🦊 Fox": "Sam □ Fox", "ᏣᎳᎩ Bird": "□□□ Bird", "𠮷田": "□田"}


def report_of(clinic, tmp_path, *arguments: str) -> PdfReader:
    clinic("report", *arguments, "--names", "--format", "pdf", "--output", str(tmp_path / "report.pdf"))
    return PdfReader(io.BytesIO((tmp_path / "report.pdf").read_bytes()))


def text_of(pdf: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def fonts_of(pdf: PdfReader) -> set[str]:
    """The fonts of a pdf, without the letters that mark a part of one."""
    resources = [page["/Resources"].get_object() for page in pdf.pages]
    fonts = [font.get_object() for one in resources for font in one.get("/Font", {}).get_object().values()]
    return {font["/BaseFont"].partition("+")[2] for font in fonts}


def add(clinic, code: str, name: str) -> None:
    clinic(
        "participant",
        "add",
        code,
        "--schedule",
        "fixed-1",
        "--level",
        "iop",
        "--enrolled",
        "2026-11-02",
        "--name",
        name,
    )


def test_names_in_many_scripts_are_shown(clinic, tmp_path):
    for number, name in enumerate(SHOWN):
        add(clinic, f"A{number}", name)
    pdf = report_of(clinic, tmp_path, "weekly")
    assert set(SHOWN.values()) <= fonts_of(pdf)
    text = text_of(pdf)
    assert "□" not in text
    assert "王小明" in text


def test_the_pdf_says_whose_name_it_could_not_show(clinic, tmp_path):
    add(clinic, "A", "王小明")
    for number, name in enumerate(NOT_SHOWN):
        add(clinic, f"B{number}", name)
    text = text_of(report_of(clinic, tmp_path, "weekly"))
    for shown in NOT_SHOWN.values():
        assert shown in text
    (tmp_path / "b1").mkdir()
    said = "□ stands for a letter that this pdf has no font for, in the name of {}; the other forms of this report"
    assert said.format("B0, B1, B2") in text
    assert said.format("B1") in text_of(report_of(clinic, tmp_path / "b1", "participant", "B1"))


def test_a_letter_in_another_text_is_told_of_too(clinic, tmp_path):
    add(clinic, "A", "Ann")
    clinic("facility", "rename", "Fox 🦊 House", "--reason", "new sign")
    text = text_of(report_of(clinic, tmp_path, "weekly"))
    assert "Fox □ House: weekly compliance report" in text
    assert "□ stands for a letter that this pdf has no font for; the other forms" in text


@pytest.mark.parametrize("name", SHOWN)
def test_what_can_be_shown_is_known_from_the_fonts(name):
    assert glyphs.marked(name) == name


@pytest.mark.parametrize(("name", "shown"), NOT_SHOWN.items())
def test_what_cannot_be_shown_is_marked(name, shown):
    assert glyphs.marked(name) == shown


def test_what_is_never_drawn_is_not_missing():
    """Joiners, and the selector that asks for a coloured heart."""
    assert glyphs.marked("می\u200cخواهم ❤\ufe0f") == "می\u200cخواهم ❤\ufe0f"


def test_the_mark_itself_can_be_shown():
    assert not glyphs.without_glyph(glyphs.UNKNOWN)


def test_every_font_has_its_licence_beside_it():
    licences = (glyphs.FONTS / "LICENCES.txt").read_text(encoding="utf-8")
    fonts = [file.name for file in glyphs.FONTS.iterdir() if file.name != "LICENCES.txt"]
    assert fonts
    assert all(name in licences or (name.startswith("NotoSans") and "NotoSans*.ttf" in licences) for name in fonts)
