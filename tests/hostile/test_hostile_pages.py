"""Whatever a journal, a service or a reply holds: showing it runs nothing, fetches nothing and commands no terminal."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from harm import ATTACKS, CONTROLS, harm_in
from hypothesis import example, given, settings
from hypothesis import strategies as st
from in_process import Page
from nasty import NASTY
from readers import READERS, Elements
from stage import COMMAND_LINES, Stage, word_of

from zhipu_magic.history.markdown import citations
from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.display.terminal import Terminal
from zhipu_magic.practice import PracticeServer
from zhipu_magic.text.html import folded
from zhipu_magic.text.markup import Markup
from zhipu_magic.text.sanitize.pages import Cited, page_of


@pytest.fixture(params=ATTACKS, ids=range(len(ATTACKS)))
def attack(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("zhipu_magic.practice.service.MODELS", (request.param, "glm-4"))
    attack: str = request.param
    return attack


@pytest.fixture
def stage(page: Page, server: PracticeServer, attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr("getpass.getpass", lambda prompt: "another.key")
    page.run(f"%config GLMMagics.journal = {str(tmp_path / 'talk.jsonl')!r}")
    stage = Stage(page, server, attack)
    stage.converse()
    return stage


def test_the_walk_knows_every_command() -> None:
    assert set(COMMAND_LINES) == set(COMMANDS)


def walk(stage: Stage, folder: Path) -> None:
    for lines in COMMAND_LINES.values():
        for line in lines:
            stage.command(line, folder)
    stage.run("%glm")


def test_what_a_service_sends_or_a_journal_holds_does_no_harm_in_any_output(stage: Stage, tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.mkdir()
    shutil.copytree(tmp_path, held, dirs_exist_ok=True, ignore=shutil.ignore_patterns("held"))
    name = word_of(stage.attack)
    # What is shown is not dropped; what cannot be shown is no name.
    assert (name.replace("|", "\\|") in stage.run("%glm threads").plain()) == name.isprintable()
    stage.run(f"%glm export {tmp_path / 'talk.md'}")
    walk(stage, tmp_path)
    assert len(stage.bundles) > 60
    for bundle in [*stage.bundles, {"text/markdown": (tmp_path / "talk.md").read_text()}]:
        assert harm_in(bundle) == []
    for error in filter(None, (cell.error for cell in stage.cells)):
        rendered = getattr(error, "_render_traceback_", lambda said=error: [str(said)])()
        assert CONTROLS.search("".join(rendered).replace("\n", "")) is None

    # The journal as it was before that walk, resumed.
    page, server = stage.page, stage.server
    page.run("%unload_ext zhipu_magic")
    page.run("%load_ext zhipu_magic")
    again = Stage(page, server, stage.attack)
    page.run("%config GLMMagics.journal = 'off'")
    again.run(f"%glm resume {held / 'talk.jsonl'}")
    assert again.cells[-1].success
    walk(again, held)
    assert len(again.bundles) > 40
    for bundle in again.bundles:
        assert harm_in(bundle) == []


#: What is sent to a terminal besides text: attributes, and what draws lines again.
OURS = re.compile(r"\x1b\[(?:\?2026[hl]|\?7[hl]|[JK]|\d+A|[\d;]*m)")


@pytest.mark.parametrize("attack", ATTACKS[-1:], ids=["controls"], indirect=True)
@pytest.mark.parametrize("on_screen", [False, True], ids=["piped", "on a screen"])
def test_nothing_that_is_printed_commands_the_terminal(
    stage: Stage,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    on_screen: bool,
) -> None:
    capsys.readouterr()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: on_screen)
    stage.page.session.display = Terminal()
    stage.converse()
    walk(stage, tmp_path)
    printed = "".join(capsys.readouterr())
    assert len(printed) > 1_000
    assert bool(OURS.search(printed)) is on_screen
    rest = OURS.sub("", printed).replace("\r", "").replace("\n", "").replace("\t", "")
    assert CONTROLS.search(rest) is None


def test_the_attacks_would_take_effect() -> None:
    assert sum(bool(harm_in({"text/markdown": attack})) for attack in ATTACKS) > 12
    assert harm_in({"text/html": ATTACKS[0]})
    assert harm_in({"text/plain": ATTACKS[-1]})


#: Addresses of sources that would do harm if a piece of them were taken for something else.
ADDRESSES = [
    "https://a.example/onclick=location=name/x",
    'https://a.example/"><img src=x onerror=alert(1)>',
    "https://a.example/$x$/\\href{javascript:alert(1)}{x}",
    "https://a.example/)[x](javascript:alert(1))<https://b.example",
    "https://a.example/@@x@@?&commat;&#64;`",
    "javascript:alert(1)",
    "https://u:p@a.example/",
]
CITED = st.builds(
    lambda before, after, address: Cited(
        f"{before}[ref_1]{after}", citations([{"refer": "ref_1", "link": address, "title": after}])
    ),
    NASTY,
    NASTY,
    st.sampled_from(ADDRESSES) | NASTY.map(lambda text: f"https://a.example/{text}"),
)
PIECES = st.lists(NASTY | CITED | NASTY.map(Markup.of) | NASTY.map(lambda text: folded(text, [text])), max_size=6)


@pytest.mark.parametrize("reader", READERS)
@given(pieces=PIECES)
@settings(max_examples=200, deadline=None)
@example(pieces=["$$ x", Markup.of("ours"), "```html\n<img src=x>\n```\n\ny $$\n: z"])
@example(pieces=["```", "a\n\n```html\n<img src=x>\n```"])
@example(pieces=["- a\n\n  ~~~", Markup("<details><summary>x</summary></details>"), "~~~\n<img src=x>"])
@example(pieces=["\ufdd00\ufdd1", Markup.of("ours")])
@example(
    pieces=[
        Cited(
            "<b title=[ref_1]>$[ref_1]$ [a](/x[ref_1]) <[ref_1]>", citations([{"refer": "ref_1", "link": ADDRESSES[0]}])
        )
    ]
)
def test_pieces_of_a_page_make_no_harm_together(reader: object, pieces: list[Markup | Cited | str]) -> None:
    assert callable(reader)
    page = Elements(reader(page_of(pieces).rich))
    assert [each for each in page.foreign if each[0] not in ("details", "summary")] == []


#: Replies in several rounds, a line of `=====` between them.
REPLIES = sorted((Path(__file__).parent / "replies").glob("*.md"))


@pytest.mark.parametrize("path", REPLIES, ids=lambda path: path.stem)
@pytest.mark.parametrize("remote_images", [False, True], ids=["no images", "images"])
def test_a_reply_of_several_rounds_does_no_harm(path: Path, remote_images: bool) -> None:
    rounds = path.read_text("utf-8").split("\n=====\n")
    for pieces in (rounds, [rounds[0], folded("f()", rounds), *rounds[1:]], [*rounds, Markup.of(rounds[0])]):
        found = harm_in({"text/markdown": page_of(pieces, remote_images=remote_images).rich})
        images = [part for part in found if isinstance(part, tuple) and part[0] == "img"]
        assert [part for part in found if part not in images] == []
        assert all(name in ("src", "alt", "title") for _, attributes in images for name, _ in attributes)
        assert remote_images or images == []
