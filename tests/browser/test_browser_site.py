"""The built pages as their reader sees them: in both languages, light and dark, on a wide screen and on a narrow one.

`make docs-look` builds them first. Links and texts are not looked at here: `make docs` fails where these are wrong.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from front_end import AT_LENGTH, IS_OLDEST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
OTHER = {"en": "zh", "zh": "en"}
#: Of these pictures are taken (ZHIPU_MAGIC_SCREENSHOTS).
LOOKED_AT = ("index", "start", "gallery", "stories/table", "tables", "reference/options", "notebooks/quickstart")
WIDTHS = {"wide": 1280, "narrow": 400}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),  # each page of the site
    AT_LENGTH,
    pytest.mark.skipif(IS_OLDEST, reason="the pages are the same beside any JupyterLab"),
    pytest.mark.skipif(not (SITE / "zh" / "index.html").exists(), reason="no pages are built: make docs-look"),
]

#: What of a page is too wide, which pictures are missing, and how light its ground and its text are (0 to 1).
_LOOK = """() => {
    const root = document.documentElement
    const article = document.querySelector('article')
    const colour = (node, name) => getComputedStyle(node)[name].match(/[\\d.]+/g).map(Number)
    const light = ([red, green, blue]) => (red + green + blue) / 765
    const behind = [article, document.querySelector('.page'), document.body]
    const grounds = behind.map(node => colour(node, 'backgroundColor'))
    const seen = [...document.images].filter(picture => picture.getClientRects().length)
    return {
        wider: root.scrollWidth - root.clientWidth,
        missing: seen.filter(picture => !picture.naturalWidth).map(picture => picture.src),
        ground: light(grounds.find(([,,, opacity = 1]) => opacity > 0)),
        text: light(colour(article, 'color')),
    }
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(SITE))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def reader(browser: Browser, address: str) -> Iterator[Page]:
    """A page whose reader has all of the site, and nothing else of the web; whatever goes wrong fails the test."""
    page, wrong = browser.new_page(), list[str]()
    page.on("console", lambda said: wrong.append(said.text) if _is_wrong(said) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"{request.url} has failed"))
    page.on("response", lambda got: wrong.append(f"{got.url}: {got.status}") if got.status >= 400 else None)
    page.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else wrong.append(sent.url))
    yield page
    page.close()
    assert wrong == []


def _is_wrong(said: ConsoleMessage) -> bool:
    return said.type == "error" and not said.location["url"].endswith("/favicon.ico")  # which browsers look for


@pytest.fixture
def pictures() -> Path | None:
    """Where pictures go for a person to look at."""
    folder = os.environ.get("ZHIPU_MAGIC_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None


def _pages(language: str) -> list[str]:
    folder = SITE / language
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.html"))


@pytest.mark.parametrize("language", OTHER)
def test_each_page_fits_its_window_with_all_its_pictures_light_and_dark(
    language: str, reader: Page, address: str, pictures: Path | None
) -> None:
    found = {}
    for name in _pages(language):
        reader.goto(f"{address}/{language}/{name}.html", wait_until="load")
        for scheme in ("light", "dark"):
            reader.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                reader.set_viewport_size({"width": WIDTHS[width], "height": 800})
                seen = reader.evaluate(_LOOK)
                if seen["wider"] > 0 or seen["missing"] or not _is_legible(seen["ground"], seen["text"], scheme):
                    found[name, scheme, width] = seen
                if pictures and name in LOOKED_AT:
                    file = f"{language}-{name.replace('/', '-')}-{scheme}-{width}.png"
                    reader.screenshot(path=pictures / file, full_page=width == "narrow" and name == "start")
    assert found == {}


def _is_legible(ground: float, text: float, scheme: str) -> bool:
    return ground > 0.9 and text < 0.4 if scheme == "light" else ground < 0.2 and text > 0.6


@pytest.mark.parametrize("language", OTHER)
def test_the_switch_leads_to_the_same_page_in_the_other_language(language: str, reader: Page, address: str) -> None:
    pages = [name for name in _pages(language) if name != "py-modindex"]
    assert pages == [name for name in _pages(OTHER[language]) if name != "py-modindex"]
    for name in pages:
        reader.goto(f"{address}/{language}/{name}.html")  # to its end: what is left half loaded has failed
        switch = reader.locator("a.language-switch")
        assert switch.evaluate("link => link.href") == f"{address}/{OTHER[language]}/{name}.html"
    for width in WIDTHS.values():
        reader.set_viewport_size({"width": width, "height": 800})
        reader.goto(f"{address}/{language}/stories/class.html")
        switch.click()
        reader.wait_for_url(f"{address}/{OTHER[language]}/stories/class.html")
        assert reader.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-CN"}[OTHER[language]]


@pytest.mark.parametrize(
    ("language", "words", "page"),
    [
        ("zh", "流式输出", "glossary"),
        ("zh", "练习服务", "practice"),
        ("zh", "预算", "guide/conversation"),
        ("zh", "jupyterhub", "howto/jupyterhub"),
        ("en", "budget", "guide/conversation"),
    ],
)
def test_a_search_finds_it(language: str, words: str, page: str, reader: Page, address: str) -> None:
    reader.goto(f"{address}/{language}/start.html")
    reader.locator("input.sidebar-search").fill(words)
    reader.locator("input.sidebar-search").press("Enter")
    results = reader.locator("#search-results ul.search li > a")
    results.first.wait_for()
    reader.locator(f"#search-results a[href^='{page}.html']").first.wait_for()


@pytest.mark.parametrize(("locale", "language"), [("zh-CN", "zh"), ("zh-TW", "zh"), ("de-DE", "en")])
def test_the_first_page_is_in_the_language_of_the_browser(
    locale: str, language: str, browser: Browser, address: str
) -> None:
    page = browser.new_page(locale=locale)
    page.goto(address)
    page.wait_for_url(f"{address}/{language}/index.html")
    page.close()
