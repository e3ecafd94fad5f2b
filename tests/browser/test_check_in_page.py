"""The check-in page in a real browser: from the form to the answer and back, by keyboard alone, without scripts, read
aloud, on the narrowest telephone and on paper.

Those that need a browser are skipped where none is, and fail in CI, which installs one; so with axe-core and npm.
"""

import base64
import io
import os
import subprocess
import tarfile
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from unicodedata import normalize
from zoneinfo import ZoneInfo

import page_house
import pytest
from browser import chromium
from page_house import COMES, DONE, STAYS, number_of
from pypdf import PdfReader
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from testing_tracker.rules.check_in.answers import Timing
from testing_tracker.rules.check_in.page_words import Language
from testing_tracker.web.file import PageFile
from testing_tracker.web.pages import GUARDING, PageKind, PageShown, headers, render, style
from testing_tracker.web.serving import PageServer, listening_at

pytestmark = pytest.mark.one_database(reason="how pages look")

WIDTHS = (320, 360, 768, 1280)
AXE = "axe-core@4.14.1"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
ZONE = ZoneInfo("America/Los_Angeles")
EN, ES = Language
RECEIPT = "4586-5319"
EVERY_PAGE = [(kind, language) for kind in PageKind for language in Language]


@dataclass(frozen=True)
class Facility:
    name: str
    phone: str
    zone_en: str = "Pacific time"
    zone_es: str = "hora del Pacífico"
    training: bool = False
    languages: tuple[Language, ...] = tuple(Language)


PLAIN = Facility("HH", "555-0100")
LONGEST = Facility("W" * 30, "+1 (555) 555-0100 ext. 12345", "W" * 30, "W" * 30, training=True)


def at(hour: int, minute: int = 0, day: int = 16) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def page(kind: PageKind, language: Language, place: Facility = PLAIN) -> PageShown:
    """A page on a Monday, with all that can stand on it."""
    with_receipt = kind in (PageKind.COME, PageKind.STAY, PageKind.DONE, PageKind.OVER, PageKind.UNKNOWN)
    shown = PageShown(
        kind, language, at(5, 12), place, opens_at=at(5), closes_at=at(10), over_at=at(17), opens_next=at(5, day=17),
        come_from=at(8), come_to=at(17), receipt=RECEIPT.replace("-", "") if with_receipt else None,
    )  # fmt: skip
    if place is LONGEST:
        return replace(shown, timing=Timing.LATE, replaces=at(11, 58), number="W" * 40, now=at(11, 59))
    return shown


def every_page(environ, start_response):
    """Each page there is, at `/KIND/LANGUAGE` and `/KIND/LANGUAGE/long`."""
    path = Request(environ).path
    if path == "/style.css":
        answer = Response(style(), content_type="text/css; charset=utf-8", headers=list(GUARDING))
    elif path.count("/") < 2:
        answer = Response(status=404)
    else:
        kind, language, *long = path.strip("/").split("/")
        shown = page(PageKind(kind.replace("_", " ")), Language(language), LONGEST if long else PLAIN)
        answer = Response(render(shown), headers=headers(secure=False))
    return answer(environ, start_response)


class _Quiet(WSGIRequestHandler):
    def log(self, *arguments):
        pass


@pytest.fixture(scope="module")
def pages():
    """Where every page is served."""
    yield from served(every_page)


def served(app):
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def started(*, scripts: bool) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = chromium.needed(*chromium.NAMES)
    for argument in chromium.FLAGS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    return webdriver.Chrome(options=options, service=Service(chromium.needed("chromedriver")))


@pytest.fixture(scope="module")
def browser():
    driver = started(scripts=True)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def without_scripts():
    driver = started(scripts=False)
    yield driver
    driver.quit()


def opened(driver, url: str, width: int = 360, dark: bool = False) -> None:
    """A page in a window of a width, by a person who likes light or dark."""
    size = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    liking = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [liking]})
    driver.get(url)


def address(pages: str, kind: PageKind, language: Language, long: bool = False) -> str:
    return f"{pages}/{kind.replace(' ', '_')}/{language}{'/long' if long else ''}"


OUTSIDE = """
const width = arguments[0];
const outside = [...document.querySelectorAll("body *")].filter(element => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && (box.right > width + 0.5 || box.left < -0.5
    || element.tagName !== "INPUT" && element.scrollWidth > element.clientWidth + 1
       && getComputedStyle(element).display !== "inline");
});
const broken = [...document.querySelectorAll(".whole")].filter(element => element.getClientRects().length > 1);
return {scroll: document.documentElement.scrollWidth, outside: outside.map(one => one.outerHTML.slice(0, 120)),
        broken: broken.map(one => one.outerHTML)};
"""


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_or_scrolled_sideways_and_no_number_is_broken(browser, pages, width):
    """Also 400 % of a window of 1280 is a window of 320 (WCAG 1.4.10)."""
    for kind, language in EVERY_PAGE:
        for long in (False, True):
            opened(browser, address(pages, kind, language, long), width)
            found = browser.execute_script(OUTSIDE, width)
            assert found == {"scroll": width, "outside": [], "broken": []}, (kind, language, long)


def test_nothing_is_cut_off_where_somebody_spaces_the_letters(browser, pages):
    """As far apart as WCAG 1.4.12 asks for."""
    for kind, language in EVERY_PAGE:
        opened(browser, address(pages, kind, language), 320)
        browser.execute_script("""
            for (const one of document.querySelectorAll("body *")) {
              one.style.lineHeight = "1.5"; one.style.letterSpacing = "0.12em"; one.style.wordSpacing = "0.16em";
              if (one.tagName === "P") one.style.marginBottom = "2em";
            }""")
        found = browser.execute_script(OUTSIDE, 320)
        assert (found["scroll"], found["outside"]) == (320, []), (kind, language)


def test_what_is_touched_is_large_enough_and_what_is_read_too(browser, pages):
    opened(browser, address(pages, PageKind.WRONG, EN), 320)
    for element in browser.find_elements(By.CSS_SELECTOR, "input, button, nav a"):
        assert element.size["height"] >= 44, element.tag_name
        assert element.size["width"] >= 44, element.tag_name
    sizes = browser.execute_script("""
        return [...document.querySelectorAll("body p, body label, body span, body input, body button")]
          .map(one => parseFloat(getComputedStyle(one).fontSize))""")
    assert min(sizes) >= 18


@pytest.fixture(scope="session")
def axe(tmp_path_factory) -> str:
    """The accessibility checker's script, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    npm = chromium.needed("npm")
    done = subprocess.run([npm, "pack", AXE], cwd=folder, capture_output=True, text=True, timeout=120)
    if done.returncode:
        missing = f"needs {AXE} from npm, which did not give it"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    (packed,) = folder.glob("axe-core-*.tgz")
    with tarfile.open(packed) as archive:
        return archive.extractfile("package/axe.min.js").read().decode()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_checker_of_accessibility_finds_nothing(browser, pages, axe, dark):
    for kind, language in EVERY_PAGE:
        opened(browser, address(pages, kind, language), 360, dark)
        browser.execute_script(axe)
        found = browser.execute_async_script(
            "const done = arguments[1]; axe.run({runOnly: {type: 'tag', values: arguments[0]}}).then(done)", RULES
        )
        said = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
        assert said == [], (kind, language)
        assert [one["id"] for one in found["incomplete"]] == [], (kind, language)
        assert len(found["passes"]) > 10


def test_the_checker_of_accessibility_finds_what_is_wrong(browser, pages, axe):
    opened(browser, address(pages, PageKind.FORM, EN))
    browser.execute_script("document.querySelector('label').remove()")
    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    assert "label" in [one["id"] for one in found["violations"]]


def test_who_likes_dark_gets_dark(browser, pages):
    colours = []
    for dark in (False, True):
        opened(browser, address(pages, PageKind.COME, EN), dark=dark)
        colours.append(browser.execute_script("return getComputedStyle(document.documentElement).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(22, 22, 22)"]


def test_no_page_has_the_browser_complain(browser, pages):
    browser.get_log("browser")
    for kind, language in EVERY_PAGE:
        opened(browser, address(pages, kind, language))
        assert browser.title
    complaints = [one["message"] for one in browser.get_log("browser") if "favicon.ico" not in one["message"]]
    assert complaints == []


@pytest.mark.parametrize("kind", [PageKind.COME, PageKind.STAY, PageKind.UNKNOWN, PageKind.OVER])
@pytest.mark.parametrize("paper", [(8.27, 11.69), (8.5, 11.0)], ids=["A4", "letter"])
def test_an_answer_is_printed_on_one_sheet_in_black(browser, pages, kind, paper):
    opened(browser, address(pages, kind, EN), dark=True)
    size = {"paperWidth": paper[0], "paperHeight": paper[1], "printBackground": True}
    printed = browser.execute_cdp_cmd("Page.printToPDF", size)
    reader = PdfReader(io.BytesIO(base64.b64decode(printed["data"])))
    assert len(reader.pages) == 1
    text = " ".join(normalize("NFKC", reader.pages[0].extract_text()).split())
    assert RECEIPT in text
    assert "Monday, November 16, 5:12 a.m." in text
    assert "555-0100" in text
    assert "Español" not in text
    opened(browser, address(pages, kind, EN), dark=True)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    colours = browser.execute_script("""
        return [...document.querySelectorAll("html, p, b, h1, a")].map(one => getComputedStyle(one).color)""")
    assert set(colours) <= {"rgb(0, 0, 0)"}


# From the form to the answer and back, on the page as it is served.


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    opened = page_house.opened(tmp_path_factory.mktemp("page"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def site(house):
    """The page under its own server, at 5:12 on a Monday."""
    listening = listening_at("127.0.0.1", 0)
    server = PageServer(house.file, house.now, listening, hashing=house.hashing)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.stop()
    thread.join()


@pytest.fixture(params=["with scripts", "without scripts"])
def either(request):
    return request.getfixturevalue("browser" if request.param == "with scripts" else "without_scripts")


def text_of(driver) -> str:
    """What is read, in one line."""
    return " ".join(driver.find_element(By.TAG_NAME, "body").text.replace("\u00a0", " ").split())


def shows(driver, *words: str) -> bool:
    """Whether a page with such words comes."""
    return waiting(driver).until(lambda driver: all(word in text_of(driver) for word in words))


def waiting(driver) -> WebDriverWait:
    """For what a page does in a moment: until then the one before may be there, or go while it is being read."""
    return WebDriverWait(driver, 10, ignored_exceptions=[WebDriverException])


def is_read_first(driver, role: str) -> bool:
    """Whether a reader for the blind begins with it, as soon as the page has been laid out."""
    first = (By.CSS_SELECTOR, f"[role={role}]")
    return waiting(driver).until(lambda driver: driver.switch_to.active_element == driver.find_element(*first))


def check_in(driver, number: str, pin: str) -> None:
    for name, typed in (("number", number), ("pin", pin)):
        field = driver.find_element(By.NAME, name)
        field.clear()
        field.send_keys(typed)
    driver.find_element(By.TAG_NAME, "button").click()


def test_without_scripts_none_runs(without_scripts, browser):
    running = "data:text/html,<title>still</title><script>document.title='ran'</script>"
    for driver, title in ((without_scripts, "still"), (browser, "ran")):
        driver.get(running)
        assert driver.title == title


@pytest.mark.parametrize(
    ("path", "holder", "answer", "receipt", "again"),
    [
        ("/", COMES, "Yes, please come in today, between 8 a.m. and 5 p.m.", "Your receipt: 4586-5319", "same answer"),
        ("/", STAYS, "No, you do not need to come in today.", "Your receipt: 1122-3340", "same answer"),
        ("/es", COMES, "Sí, venga hoy, entre las 8 a. m. y las 5 p. m.", "Su comprobante: 4586-5319", "es la misma"),
        ("/es", DONE, "Usted ya vino hoy. No necesita volver.", "Su comprobante: 9012-7748", "es la misma"),
    ],
)
def test_the_form_the_answer_a_reload_and_back(either, site, house, path, holder, answer, receipt, again):
    before = len(house.visited())
    opened(either, "about:blank")
    opened(either, site + path)
    check_in(either, f"{number_of(holder)[:3]}-{number_of(holder)[3:]}", page_house.PIN)
    assert shows(either, answer, receipt)
    assert either.current_url == site + path, "there is nothing to keep, or to pass on"
    assert either.find_elements(By.TAG_NAME, "form") == []
    either.refresh()
    assert shows(either, answer, receipt, again)
    assert len(house.visited()) == before + 2
    either.back()
    assert shows(either, "PIN")
    assert either.find_element(By.NAME, "pin").get_property("value") == ""  # the number may stay; it is not secret
    for gone in (answer, receipt):
        assert gone not in text_of(either)
    assert len(house.visited()) == before + 2


def test_a_wrong_pin_is_said_first_and_the_number_need_not_be_typed_again(either, site):
    opened(either, site)
    check_in(either, number_of(COMES), page_house.WRONG_PIN)
    assert shows(either, "That did not work.")
    assert either.title == "That did not work – HH"
    assert is_read_first(either, "alert")
    number, pin = (either.find_element(By.NAME, name) for name in ("number", "pin"))
    assert (number.get_property("value"), pin.get_property("value")) == (number_of(COMES), "")
    pin.send_keys(page_house.PIN, Keys.ENTER)
    assert shows(either, "Yes, please come in today")
    assert is_read_first(either, "status")


def test_by_keyboard_alone(either, site):
    """Every step by the keys of the keyboard, and always seen where one is."""
    opened(either, site)
    seen = []

    def on(key: str, *held: str) -> str:
        chain = ActionChains(either)
        for one in held:
            chain.key_down(one)
        chain.send_keys(key)
        for one in held:
            chain.key_up(one)
        chain.perform()
        element = either.switch_to.active_element
        seen.append((element.value_of_css_property("outline-style"), element.value_of_css_property("outline-width")))
        return element.get_attribute("name") or element.tag_name

    assert [on(Keys.TAB) for _ in range(5)] == ["a", "number", "pin", "button", "a"]
    assert set(seen) == {("solid", "3px")}
    assert either.switch_to.active_element.get_attribute("href") == "tel:5550100"
    assert [on(Keys.TAB, Keys.SHIFT) for _ in range(3)] == ["button", "pin", "number"]
    ActionChains(either).send_keys(number_of(STAYS), Keys.TAB, page_house.PIN, Keys.ENTER).perform()
    assert shows(either, "No, you do not need to come in today.")
    ActionChains(either).send_keys(Keys.TAB).perform()
    assert either.switch_to.active_element.get_attribute("href") == "tel:5550100"


def test_the_other_language_is_one_key_away(either, site):
    opened(either, site)
    ActionChains(either).send_keys(Keys.TAB, Keys.ENTER).perform()
    waiting(either).until(lambda driver: driver.current_url == f"{site}/es")
    assert shows(either, "Número de registro")
    assert either.find_element(By.TAG_NAME, "html").get_attribute("lang") == "es"
    either.find_element(By.LINK_TEXT, "English").click()
    assert shows(either, "Check-in number")


def test_the_page_as_it_is_served_makes_no_browser_complain(browser, site):
    browser.get_log("browser")
    opened(browser, site)
    check_in(browser, number_of(COMES), page_house.PIN)
    assert shows(browser, "Yes, please come in today")
    complaints = [one["message"] for one in browser.get_log("browser") if "favicon.ico" not in one["message"]]
    assert complaints == []


def test_before_anything_is_known_the_page_says_whom_to_call(browser, tmp_path):
    file = PageFile(tmp_path / "clinic.db.web")
    listening = listening_at("127.0.0.1", 0)
    server = PageServer(file, lambda: page_house.at(5, 12), listening)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    opened(browser, f"http://127.0.0.1:{listening.getsockname()[1]}")
    check_in(browser, number_of(COMES), page_house.PIN)
    assert shows(browser, "Please call the telephone number on your card now.")
    assert "on record" not in text_of(browser)
    server.stop()
    thread.join()
    file.close()
