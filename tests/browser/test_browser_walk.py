"""A walk from `make demo` through all that a reader meets, in a JupyterLab in Chinese, and in one in English.

At each station, all that is seen is in the reader's language: outputs, panels, questions, menus, settings, and what a
screen reader is told of our own buttons. Names, code and what others say are not asked for.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from conftest import KEY
from english import chinese_in, english_in, labels_in
from front_end import IS_OLDEST, LAB, STEP_TIMEOUT, FrontEnd, OpenNotebook
from test_cell import DIALOGUE

from hatch_build import write_extension
from zhipu_magic.practice import Answer, Fault, PracticeServer, tool_call

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.parametrize("server", [0], indirect=True),
    pytest.mark.skipif(IS_OLDEST, reason="the language pack is of a newer JupyterLab"),
    pytest.mark.skipif(sys.platform == "win32", reason="no signal there asks the demo to end"),
]

_LAB = Path(__file__).parents[2] / "lab"
_TRANSLATION = "@jupyterlab/translation-extension/plugin"
Shoot = Callable[..., Path]


class Words(NamedTuple):
    """What the walk says and looks for in one language."""

    locale: str
    pack: str
    run: str
    run_all: str
    hello: str
    book: str
    weather: str
    city: str
    sunny: str
    poem: str


WORDS = {
    "zh": Words(
        "zh_CN",
        "jupyterlab_language_pack_zh_CN",
        *("运行", "运行所有单元格", "你好", "总结这本书", "天气怎样？", "北京", "晴，25 ℃", "写一首诗"),
    ),
    "en": Words(
        "en",
        "jupyterlab",
        *(
            "Run",
            "Run All Cells",
            "Hello",
            "Sum up the book",
            "How is the weather?",
            "Beijing",
            "sunny",
            "Write a poem",
        ),
    ),
}

#: What is read: all that is shown in cells, and all of ours around them. Code is no text.
_READ = """() => {
    const style = document.head.appendChild(document.createElement('style'));
    style.textContent = 'code, .jp-RenderedMarkdown pre, .MathJax, mjx-container {visibility: hidden !important}';
    document.querySelectorAll('.jp-OutputArea-output details').forEach(one => one.open = true);
    const seen = '.jp-OutputArea-output, .jp-Stdin-prompt, .zhipu-magic-side, .jp-SettingsForm,'
        + '.jp-Completer, .jp-Tooltip';
    const texts = [...document.querySelectorAll(seen)].map(one => one.innerText);
    style.remove();
    const ours = '[class*=zhipu-magic], [class*=zhipu-magic] *, [data-command^=zhipu-magic] *';
    for (const one of document.querySelectorAll(ours)) {
        texts.push(one.title || '', one.getAttribute('aria-label') || '');
    }
    return texts;
}"""
#: What others say in English: IPython above a docstring, and JupyterLab while it has nothing to show.
_OF_OTHERS = re.compile(r"^(?:Docstring:|File: .*)$", re.MULTILINE)
#: A role of messages, which the quickstart counts; our label for such a text is the same word.
_ROLE = "system"
#: In English, what is Chinese all the same: the conversation of the service's documents, and the service's own words.
_OURS_IN_CHINESE = re.compile(
    "|".join(re.escape(text) for turn in DIALOGUE for text in turn)
    + "|你好！有什么我可以帮助你的吗？|你好|让创新触手可及。|Authentication Token .*传递|Prompt 超长"
)


class Demo(FrontEnd):
    """What `make demo` serves to somebody whose JupyterLab is in this language, and whose system says nothing of it."""

    def __init__(self, home: Path, locale: str, service: dict[str, str]) -> None:
        super().__init__(LAB, home, {**service, "LANG": "C.UTF-8", "LC_ALL": "", "LANGUAGE": "", "TMPDIR": str(home)})
        self.said = ""
        self._locale = locale

    def start(self) -> None:
        self._write_setting(_TRANSLATION, {"locale": self._locale})
        write_extension(_LAB, self._home / "jupyter" / "labextensions" / "zhipu-magic", {"version": "0"})
        environment = self.environment() | {"PYTHONWARNINGS": "ignore"}
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            environment.pop(name, None)
        config = self._home / "config" / "jupyter_lab_config.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
        command = [sys.executable, "-m", "zhipu_magic", "demo"]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        while "Ctrl-C" not in self.said:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            assert line, self._log.read_text()
            self.said += line
        [(self._address, name, self._token)] = re.findall(r"(http://127[\d.:]+)/lab/tree/(\S+)\?token=(\w+)", self.said)
        [folder] = self._home.glob("zhipu_magic-*")
        self.notebook = folder / name
        self._client.close()
        headers = {"Authorization": f"token {self._token}"}
        self._client = httpx.Client(base_url=self._address, headers=headers, timeout=STEP_TIMEOUT, trust_env=False)

    def stop(self) -> None:
        super().stop()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def url(self, path: Path) -> str:
        return f"{self._address}/lab/tree/{path.name}?token={self._token}"


_IS_ONE_LINE = """one => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return new Set([...range.getClientRects()].map(each => each.top)).size === 1
        && one.scrollWidth <= one.clientWidth;
}"""


class Walk:
    """Goes on at the end of a page, and reads what is there.

    `wrong` has what is in another language than the reader's, by station, and `right` counts what is in theirs.
    """

    def __init__(self, notebook: OpenNotebook, language: str, shoot: Shoot) -> None:
        self.notebook, self.page = notebook, notebook.page
        self.words = WORDS[language]
        self.wrong: dict[str, list[str]] = {}
        self.right = 0
        self._language, self._shoot = language, shoot

    def look(self, station: str) -> None:
        """Note what is in another language than the reader's, and take a picture for a person to look at."""
        self._shoot(self.page, f"walk-{self._language}-{station}")
        self.read(station, [_OF_OTHERS.sub("", text) for text in self.page.evaluate(_READ)])

    def read(self, station: str, texts: list[str]) -> None:
        """Note which of these texts are in another language."""
        english = [one for text in texts for one in english_in(text)]
        labels = [one for text in texts for one in labels_in(text) if one != _ROLE]
        chinese = [one for text in texts for one in chinese_in(_OURS_IN_CHINESE.sub("", text))]
        found, own = ([*english, *labels], chinese) if self._language == "zh" else (chinese, english)
        self.right += len(own)
        if found:
            self.wrong[station] = list(dict.fromkeys(found))

    def run_all(self) -> None:
        """All cells of the page, from its menu."""
        count = self.page.locator(".jp-Notebook .jp-CodeCell").count()
        for name in (self.words.run, self.words.run_all):
            self.page.get_by_role("menuitem", name=name, exact=True).click()
        for index in range(count):
            self.notebook.reach(index)
            self.notebook.wait_until_ended(index)

    def write(self, source: str) -> int:
        """A new cell at the end of the page; gives its number."""
        footer = self.page.locator(".jp-Notebook-footer")
        count = self.page.locator(".jp-Notebook .jp-CodeCell").count()
        footer.click()
        cell = self.notebook.cell(count)
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(source)
        return count

    def begin(self, source: str) -> int:
        index = self.write(source)
        self.page.keyboard.press("Control+Enter")
        return index

    def ran(self, source: str, *told: str) -> Locator:
        """Run a new cell to its end; it tells all this."""
        index = self.begin(source)
        self.notebook.wait_until_ended(index)
        for words in told:
            expect_in(self.notebook.cell(index), words)
        return self.notebook.cell(index)


def expect_in(place: Locator, words: str) -> None:
    from playwright.sync_api import expect

    expect(place).to_contain_text(words)


@pytest.fixture
def walk(
    request: pytest.FixtureRequest, server: PracticeServer, window: BrowserContext, tmp_path: Path, shoot: Shoot
) -> Iterator[Walk]:
    """The demo's notebook, open in JupyterLab in either language."""
    words = WORDS[request.param]
    if importlib.util.find_spec(words.pack) is None:
        pytest.skip(f"needs {words.pack.replace('_', '-')}")
    service = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": KEY}
    demo = Demo(tmp_path / "demo", words.locale, service)
    demo.start()
    page = window.new_page()
    page.set_viewport_size({"width": 1200, "height": 900})
    try:
        notebook = OpenNotebook(demo, page, demo.notebook)
        notebook.load()
        notebook.wait_for_kernel()
        walk = Walk(notebook, request.param, shoot)
        walk.read("console", demo.said.splitlines())
        assert walk.right >= 3
        yield walk
    finally:
        page.close()
        demo.stop()


@pytest.mark.parametrize("walk", ["zh"], indirect=True)
def test_the_demo_is_in_the_language_of_its_users_jupyterlab(walk: Walk, server: PracticeServer) -> None:
    walk.run_all()
    _errors(walk, server)
    assert walk.wrong == {} and walk.right > 20


@pytest.mark.parametrize("walk", list(WORDS), indirect=True)
def test_all_that_is_met_from_the_demo_on_is_in_the_readers_language(walk: Walk, server: PracticeServer) -> None:
    words = walk.words
    walk.run_all()
    walk.look("demo")
    _errors(walk, server)
    _tool(walk, server)
    walk.ran("%glm budget 0.0001 yuan", "¥0.0001")
    walk.ran(f"%%glm -m glm-5.2\n{words.hello}", "%glm budget")
    walk.ran("%glm budget off")
    for line in ("%glm history", "%glm usage", "%glm help", "%glm help budget", "%glm", "%glm undo", "%%glm?"):
        walk.ran(line)
    walk.look("commands")
    server.enqueue(Answer("…", finish_reason="length"))
    walk.ran(f"%%glm\n{words.poem}", "%glm continue").locator(".jp-Cell-outputArea").hover()
    walk.page.locator(".zhipu-magic-bar:visible button").nth(3).wait_for()
    walk.look("bar")
    _around(walk)
    assert walk.wrong == {} and walk.right > 300
    assert walk.notebook.dialogs == []


def _errors(walk: Walk, server: PracticeServer) -> None:
    """What the user got wrong, what the service refuses, and what is too long for it."""
    walk.ran("%glm practice off", server.base_url)
    walk.ran(f"%%glm --temprature 0.2\n{walk.words.hello}", "--temperature")
    server.enqueue(Fault(401, "1002"))
    walk.ran(f"%%glm\n{walk.words.hello}", "ZHIPUAI_API_KEY", "1002")
    server.enqueue(Fault(400, "1261"))
    walk.ran(f"%%glm --once\n{walk.words.book}", "%glm reset", "1261")
    walk.look("errors")


def _tool(walk: Walk, server: PracticeServer) -> None:
    """A function that the model calls, and the question before it runs."""
    words = walk.words
    walk.ran(f"def weather(city: str) -> str:\n    return {words.sunny!r}")
    call = tool_call("weather", {"city": words.city}, id="1")
    server.enqueue(Answer(tool_calls=(call,)), Answer(f"{words.city}: {words.sunny}."))
    index = walk.begin(f"%%glm --tool confirm(weather)\n{words.weather}")
    question = walk.notebook.cell(index).locator(".jp-Stdin-input")
    question.wait_for()
    walk.look("question")
    question.fill("y")
    question.press("Enter")
    walk.notebook.wait_until_ended(index)
    expect_in(walk.notebook.cell(index), f"{words.city}: {words.sunny}.")
    walk.look("tool")


def _around(walk: Walk) -> None:
    """What is beside the cells and over them: completion, help at the cursor, the side panel, palette and settings."""
    page, keyboard = walk.page, walk.page.keyboard
    walk.write("%%glm --m")
    keyboard.press("Tab")
    page.locator(".jp-Completer:visible .jp-Completer-item").nth(2).wait_for()
    walk.look("completion")
    assert page.locator(".jp-Completer:visible .jp-Completer-typeExtended").first.evaluate(_IS_ONE_LINE)
    keyboard.press("Escape")
    keyboard.press("Control+a")
    keyboard.insert_text("%glm")
    keyboard.press("Shift+Tab")
    page.locator(".jp-Tooltip").wait_for()
    walk.look("tooltip")
    keyboard.press("Escape")
    page.evaluate("jupyterapp.commands.execute('zhipu-magic:show-side')")
    page.locator(".zhipu-magic-side").get_by_role("listitem").first.wait_for()
    walk.look("side")
    walk.notebook.open_palette()
    page.locator(".lm-CommandPalette-input").fill("GLM")
    walk.look("palette")
    ours = page.locator(".lm-CommandPalette-item[data-command^=zhipu-magic]").all_inner_texts()
    keyboard.press("Escape")
    page.evaluate("jupyterapp.commands.execute('settingeditor:open')")
    page.locator(".jp-PluginList [data-id='zhipu-magic:plugin']").click()
    page.locator(".jp-SettingsForm input").nth(9).wait_for()
    walk.look("settings")
    walk.read("palette", ours)
