"""The pages in a real browser: nothing cut off on a phone, a tablet or a desk, nothing complained of, and good paper.

Those that need a browser are skipped where none is, and fail in CI, which installs one.
"""

import functools
import json
import re
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unicodedata import normalize

import pytest
from browser import chromium
from click.testing import CliRunner
from pypdf import PdfReader

from testing_tracker.cli import program

pytestmark = pytest.mark.one_database(reason="how pages look")

WIDTHS = (320, 390, 768, 1280)
CHROMIUM = (*chromium.FLAGS, "--enable-logging=stderr")
LONG = "W" * 32  # a code may be as long as that, and need not have a place to break it
# Loads a page of the same server in frames of several widths, and writes down what stands out of each.
PROBE = """<!doctype html><title>probe</title><body><pre id="found"></pre><script>
const widths = %s, page = %s;
async function look(width) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:800px;border:0`;
  frame.src = page;
  const loaded = new Promise(done => frame.onload = done);
  document.body.append(frame);
  await loaded;
  const root = frame.contentDocument.documentElement;
  const outside = [...frame.contentDocument.querySelectorAll("body *")].filter(element => {
    if (element.closest("svg, thead")) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > width + 0.5 || box.left < -0.5 || element.scrollWidth > element.clientWidth + 1
      && getComputedStyle(element).overflowX !== "visible");
  });
  return {width, scroll: root.scrollWidth, text: root.innerText.length,
          outside: outside.slice(0, 5).map(element => element.outerHTML.slice(0, 120))};
}
(async () => {
  const found = [];
  for (const width of widths) found.push(await look(width));
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """The demonstration's database, and its pages in a folder."""
    folder = tmp_path_factory.mktemp("demo")
    database = folder / "demo.db"
    done = CliRunner().invoke(program, ["demo", "--keep", str(database)])
    assert done.exit_code == 0, done.output
    today = re.search(r"--today (\S+) decide", done.output)[1]
    start = ["--database", str(database), "--today", today]
    pages = folder / "pages"
    pages.mkdir()
    for name, arguments in (
        ("weekly", ["report", "weekly"]),
        ("court", ["report", "weekly", "--for", "court"]),
        ("period", ["report", "period"]),
        ("participant", ["report", "participant", "P34"]),
        ("schedules", ["schedule", "simulate", "fixed-1", "fixed-2", "fixed-3", "random-1", "random-2", "random-3"]),
    ):
        written = CliRunner().invoke(
            program, [*start, *arguments, "--format", "html", "--output", str(pages / f"{name}.html")]
        )
        assert written.exit_code == 0, written.output
    for name, arguments in (
        ("weekly", ["weekly"]),
        ("court", ["weekly", "--for", "court"]),
        ("participant", ["participant", "P34"]),
    ):
        output = str(pages / f"{name}.pdf")
        written = CliRunner().invoke(program, [*start, "report", *arguments, "--format", "pdf", "--output", output])
        assert written.exit_code == 0, written.output
    add = ["participant", "add", LONG, "--schedule", "fixed-1", "--level", "residential", "--enrolled", "2026-01-05"]
    for arguments in (
        [*add, "--name", "Maximiliane Hohenstein-Berghausen"],
        ["report", "weekly", "--names", "--format", "html", "--output", str(pages / "long.html")],
        ["report", "weekly", "--names", "--format", "pdf", "--output", str(pages / "long.pdf")],
        ["report", "weekly", "--for", "court", "--format", "html", "--output", str(pages / "long-court.html")],
    ):
        done = CliRunner().invoke(program, [*start, *arguments])
        assert done.exit_code == 0, done.output
    return pages


@pytest.fixture(scope="module")
def server(demo):
    handler = functools.partial(_Quiet, directory=str(demo))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def browser() -> str:
    """The browser's program."""
    return chromium.needed(*chromium.NAMES)


def look(browser: str, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess:
    profile = tmp_path / "profile"
    done = subprocess.run(
        [browser, *CHROMIUM, f"--user-data-dir={profile}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


PAGES = ("weekly", "court", "period", "participant", "schedules")


@pytest.mark.parametrize("page", [*PAGES, "long", "long-court"])
def test_nothing_is_cut_off_at_any_width_and_nothing_complained_of(browser, demo, server, tmp_path, page):
    (demo / f"probe-{page}.html").write_text(PROBE % (json.dumps(WIDTHS), json.dumps(f"{page}.html")))
    url = f"{server}/probe-{page}.html"
    done = look(browser, tmp_path, "--window-size=1400,900", "--virtual-time-budget=20000", "--dump-dom", url)
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)[1].replace("&gt;", ">"))
    assert [one["width"] for one in found] == list(WIDTHS)
    for one in found:
        assert one["text"] > 500
        assert (one["scroll"], one["outside"]) == (one["width"], []), one
    assert "CONSOLE" not in done.stderr, done.stderr


DAYS = """<!doctype html><title>days</title><body><pre id="found"></pre><script>
(async () => {
  const found = [], frame = document.createElement("iframe");
  for (const width of [320, 390, 768]) {
    frame.style.cssText = `width:${width}px;height:800px;border:0`;
    frame.src = "%s.html";
    const loaded = new Promise(done => frame.onload = done);
    document.body.append(frame);
    await loaded;
    const page = frame.contentDocument, texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode());)
      for (const day of text.data.matchAll(/\\d{4}-(W\\d\\d|\\d\\d-\\d\\d)/g)) {
        const range = page.createRange();
        range.setStart(text, day.index);
        range.setEnd(text, day.index + day[0].length);
        const tops = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
        found.push([width, day[0], tops.size, text.data.trim().slice(0, 60)]);
      }
  }
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>"""


@pytest.mark.parametrize("page", ["weekly", "court"])
def test_no_day_and_no_week_is_broken_at_its_hyphens(browser, demo, server, tmp_path, page):
    (demo / f"days-{page}.html").write_text(DAYS % page)
    url = f"{server}/days-{page}.html"
    done = look(browser, tmp_path, "--window-size=1400,900", "--virtual-time-budget=20000", "--dump-dom", url)
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)[1].replace("&gt;", ">"))
    assert len(found) > 20
    assert [one for one in found if one[2] > 1] == []


LINES = """<!doctype html><title>lines</title><body><pre id="found"></pre><script>
(async () => {
  const found = [];
  for (const width of [320, 390]) {
    const frame = document.createElement("iframe");
    frame.style.cssText = `width:${width}px;height:800px;border:0`;
    frame.src = "weekly.html";
    const loaded = new Promise(done => frame.onload = done);
    document.body.append(frame);
    await loaded;
    for (const row of frame.contentDocument.querySelectorAll("table.wide tbody tr")) {
      const tops = new Set();
      for (const cell of row.children)
        for (const box of cell.getClientRects()) if (box.width > 1) tops.add(Math.round(box.top / 8));
      found.push([row.querySelector("th").textContent, row.getBoundingClientRect().height, tops.size]);
    }
  }
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>"""


def test_on_a_phone_a_participant_takes_four_lines_at_most(browser, demo, server, tmp_path):
    (demo / "lines.html").write_text(LINES)
    url = f"{server}/lines.html"
    done = look(browser, tmp_path, "--window-size=1400,900", "--virtual-time-budget=20000", "--dump-dom", url)
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)[1])
    assert len(found) == 2 * 39
    line = 0.88 * 15 * 1.45
    assert [one for one in found if one[1] > 4 * line + 20 or one[2] > 4] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_one_file_without_scripts_or_links(demo, page):
    text = (demo / f"{page}.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert not re.search(r"\bon[a-z]+=", text)
    assert not re.search(r"https?:|//[a-z]|@import|<link|<iframe|src=|url\((?!#)", text, re.IGNORECASE)
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', text))


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_has_a_text_for_those_who_do_not_see_it(demo, page):
    text = (demo / f"{page}.html").read_text(encoding="utf-8")
    pictures = re.findall(r"<svg [^>]*>(?:<title>(.*?)</title>)?", text)
    assert all(pictures)
    labels = re.findall(r'role="img" aria-label="([^"]*)"', text)
    assert len(labels) == text.count('role="img"')
    assert all(labels)
    if page == "weekly":
        figures = re.findall(r"<figure>.*?</figure>", text, re.DOTALL)
        assert len(figures) == 3
        assert all("<table" in figure and "<figcaption>" in figure for figure in figures)
        identities = re.findall(r'\bid="([^"]+)"', text)
        assert len(identities) == len(set(identities))


def printed(browser: str, demo: Path, tmp_path: Path, page: str, paper: str) -> tuple[int, list[str]]:
    """The number of pages that the browser prints, and the text of each."""
    source = (demo / f"{page}.html").read_text(encoding="utf-8")
    sized = tmp_path / "sized.html"
    sized.write_text(source.replace("@page { size: auto;", f"@page {{ size: {paper};"), encoding="utf-8")
    output = tmp_path / "printed.pdf"
    look(browser, tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={output}", sized.as_uri())
    return pages_of(output)


def pages_of(output: Path) -> tuple[int, list[str]]:
    pages = PdfReader(output).pages
    # Without the ligatures that a font has for letters such as those of "fixed".
    return len(pages), [normalize("NFKC", page.extract_text(extraction_mode="layout")) for page in pages]


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_the_weekly_report_prints_on_three_pages_of_either_paper(browser, demo, tmp_path, paper):
    count, pages = printed(browser, demo, tmp_path, "weekly", paper)
    assert count == 3
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of 3" in page
        assert "42 CFR part 2 prohibits unauthorized use or disclosure of these records." in page
    assert "compliance" in pages[0]
    assert "Open recommendations" in pages[0]
    assert "Charts" in pages[1]
    assert "Participants" in pages[1]


def test_no_page_of_the_pdf_but_the_last_is_two_thirds_empty(demo):
    """The list of participants begins under the charts; the demonstration's 39 have room there."""
    count, pages = pages_of(demo / "weekly.pdf")
    assert count == 2
    said = "".join(pages)
    assert said.index("Charts") < said.index("Participants") < said.index("P40")
    assert all(len([line for line in page.splitlines() if line.strip()]) > 50 for page in pages)


def test_the_demonstrations_page_for_a_court_is_one_page(demo):
    count, pages = pages_of(demo / "court.pdf")
    assert count == 1
    assert "recommends nothing to a court" in pages[0]
    assert "P40" in pages[0]
    assert "Digest" in pages[0]


def test_a_long_list_repeats_its_head_and_splits_no_row(browser, demo, tmp_path):
    """The list of participants made five times as long: the head stands on each page, and every row is whole."""
    source = (demo / "weekly.html").read_text(encoding="utf-8")
    body = re.search(
        r'(<th role="columnheader" scope="col">last 13 weeks.*?<tbody[^>]*>)(.*?)</tbody>', source, re.DOTALL
    )
    long = source.replace(body[0], f"{body[1]}{body[2] * 5}</tbody>")
    folder = tmp_path / "long"
    folder.mkdir()
    (folder / "weekly.html").write_text(long, encoding="utf-8")
    count, pages = printed(browser, folder, tmp_path, "weekly", "A4")
    lists = [page for page in pages if re.search(r"^ *P\d\d +(iop|php|outpatient|residential)", page, re.MULTILINE)]
    assert len(lists) >= 3
    assert all(re.search(r"participant +level +schedule", page) for page in lists)
    rows = [line for page in lists for line in page.splitlines() if re.match(r" *P\d\d +(iop|php|outp|resid)", line)]
    assert len(rows) == 5 * body[2].count("<tr")
    assert all(re.search(r"(random|fixed)-\d +\d", row) for row in rows)
    assert count == len(pages)


@pytest.mark.parametrize("report", ["weekly", "participant"])
def test_the_pdf_says_the_same_with_a_foot_on_every_page(demo, report):
    count, pages = pages_of(demo / f"{report}.pdf")
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {count}" in page.lower()
        assert "42 CFR part 2 prohibits unauthorized use or disclosure of these records." in page
        assert "Printed 20" in page
    text = " ".join(pages)
    assert "anchor:" in text
    assert "TRAINING" in text
    html = (demo / f"{report}.html").read_text(encoding="utf-8")
    for heading in re.findall(r"<h2[^>]*>(.*?)</h2>", html):
        assert heading.split(",")[0] in text


def test_a_long_code_covers_no_figure_of_the_pdf(demo):
    """Every figure of a line of the list stands by itself: words that lie over each other come out as one."""
    _, pages = pages_of(demo / "long.pdf")
    rows = [line for page in pages for line in page.splitlines() if re.search(r" (fixed|random)-\d ", line)]
    assert len(rows) == 40
    line = re.compile(
        r" *(P\d\d|W+) +(outpatient|iop|php|residential) +(fixed|random)-\d( +\d+){9}"
        r" +(\d+/\d+ \d+ %|n/a)( +[-+*o_]){0,13} *"
    )
    assert [row for row in rows if not line.fullmatch(row)] == []
    text = "\n".join(pages)
    assert "".join(re.findall(r"^ *(W+)\b", text[text.index("Participants") :], re.MULTILINE)) == LONG


def test_the_pdf_is_tagged_for_screen_readers_and_has_no_author(demo):
    pdf = PdfReader(demo / "weekly.pdf")
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    assert pdf.metadata.author is None
