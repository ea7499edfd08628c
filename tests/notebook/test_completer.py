"""What the Tab key offers on `%%glm` and `%glm` lines and between braces, and that it is as ever everywhere else."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from in_process import Page
from IPython.core.completer import provisionalcompleter, rectify_completions
from IPython.terminal.ptutils import IPythonPTCompleter
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.completer import completer
from zhipu_magic.notebook.completer.asked import ENQUIRY
from zhipu_magic.notebook.completer.place import offer
from zhipu_magic.notebook.line.options import PARSER
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.service.hosted_tools import ENGINES
from zhipu_magic.service.models import CATALOGUE, EFFORTS
from zhipu_magic.service.profile import NAMED_ADDRESSES

#: Where the cursor stands in a cell.
CURSOR = "¦"


def becomes(page: Page, cell: str) -> list[str]:
    """The cells that the completions offered here would make, in a notebook's front end."""
    offset = cell.index(CURSOR)
    text = cell.replace(CURSOR, "")
    with provisionalcompleter():
        found = list(rectify_completions(text, page.shell.Completer.completions(text, offset)))
    return [text[: each.start] + each.text + text[each.end :] for each in found]


def offered(page: Page, cell: str) -> list[str]:
    """What is offered in the place of what is typed."""
    offset = cell.index(CURSOR)
    text = cell.replace(CURSOR, "")
    with provisionalcompleter():
        return [each.text for each in page.shell.Completer.completions(text, offset)]


def in_a_terminal(page: Page, cell: str) -> list[str]:
    """The cells that the completions offered here would make, in IPython's terminal."""
    offset = cell.index(CURSOR)
    text = cell.replace(CURSOR, "")
    terminal = IPythonPTCompleter(shell=SimpleNamespace(Completer=page.shell.Completer, min_elide=30))
    found = terminal.get_completions(Document(text, offset), CompleteEvent())
    return [text[: offset + each.start_position] + each.text + text[offset:] for each in found]


# Options


@pytest.mark.parametrize(
    ("cell", "completed"),
    [
        ("%%glm --mo¦", "%%glm --model"),
        ("%%glm --mo¦\nHello", "%%glm --model\nHello"),
        ("\n\n%%glm -b x --thre¦ --once\nHello", "\n\n%%glm -b x --thread --once\nHello"),
        ("%%time\n%%glm --mo¦\nHello", "%%time\n%%glm --model\nHello"),
        ("# c\n#| label: x\n%%glm --mo¦\nHello", "# c\n#| label: x\n%%glm --model\nHello"),
        ("%%glm -q \\\n  --mo¦\nHello", "%%glm -q \\\n  --model\nHello"),
        ("%%glm -q \\\n  --mo¦", "%%glm -q \\\n  --model"),
        ("％％glm --mo¦\nHello", "％％glm --model\nHello"),
        ('%%glm -s "it\'s --mo" --mo¦', '%%glm -s "it\'s --mo" --model'),
    ],
)
def test_an_option_is_completed(page: Page, cell: str, completed: str) -> None:
    assert becomes(page, cell) == [completed]
    assert in_a_terminal(page, cell) == [completed]


def test_all_options_are_offered_and_none_twice(page: Page) -> None:
    everything = [name for action in PARSER._actions for name in action.option_strings]
    assert offered(page, "%%glm -¦") == everything
    assert offered(page, "%%glm ¦\nHello") == [name for name in everything if name.startswith("--")]
    assert "--model" in offered(page, "%%glm -m glm-4.7 ¦")
    assert "--think" not in offered(page, "%%glm --no-think ¦")
    assert "--param" in offered(page, "%%glm --param a=1 ¦")


# Values of options


class Invoice:
    seller: str


Colour = Literal["red", "green"]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


NAMES = {
    "invoices": [Invoice()],
    "inventory": {"bolts": {"in stock": 3}, "nuts": 4, 5: 6, 'a "b"': 7},
    "Invoice": Invoice,
    "Colour": Colour,
    "mean": mean,
    "median": median,
    "sys": sys,
    "_hidden": 1,
}


@pytest.fixture
def filled(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page whose notebook has names and files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plots").mkdir()
    for name in ("inside.png", "plots/a.png", "plots/notes.txt", "my talk.md", "它.md", ".secret.md"):
        (tmp_path / name).touch()
    page.names.update(NAMES)
    return page


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("%%glm -b inv¦", ["invoices", "inventory"]),
        ("%%glm -b ¦\nHello", ["invoices", "inventory", "Colour"]),
        ("%%glm --as Inv¦", ["Invoice"]),
        ("%%glm --as list[Inv¦", ["Invoice"]),
        ("%%glm --as 'dict[str, Col¦", ["Colour"]),
        ("%%glm --as b¦", ["bool"]),
        ("%%glm --as Literal[¦", []),
        ("%%glm --tool me¦", ["mean", "median"]),
        ("%%glm --tool ¦", ["mean", "median", "confirm(", "python", "python!"]),
        ("%%glm --tool mean,¦", ["median", "confirm(", "python", "python!"]),
        ("%%glm --tool confirm(mean),confirm(m¦", ["median"]),
        ("%%glm --image inv¦", ["invoices", "inventory"]),
        ("%%glm --image in¦", ["invoices", "inventory", "inside.png"]),
        ("%%glm --image p¦", ["plots/"]),
        ("%%glm --image plots/¦", ["plots/a.png"]),
        ("%%glm --image sys.vers¦", ["sys.version", "sys.version_info"]),
        ("%%glm -s inv¦", []),
        ("%%glm --seed ¦", []),
        ("%%glm --effort ¦", [*EFFORTS]),
        ("%%glm --effort m¦", ["minimal", "medium", "max"]),
        ("%%glm --search re¦", ["recency="]),
        ("%%glm --search news -q --search recency=y¦", ["year"]),
        ('%%glm --search "GLM news" recency=day engine=¦', [*ENGINES]),
        ("%%glm --search size=¦", ["medium", "high"]),
        ("%%glm --search count=¦", []),
        ("%%glm --search news -b inv¦", ["invoices", "inventory"]),
        ("%%glm --tool-choice me¦", ["mean", "median"]),
        ("%%glm --tool-choice re¦", ["required"]),
        ("%%glm --mcp ¦", []),
        ("%%glm something¦", []),
        ('%%glm -b "inv"¦', []),
    ],
)
def test_a_value_is_completed(filled: Page, cell: str, texts: list[str]) -> None:
    assert offered(filled, cell) == texts


def test_after_a_search_its_settings_are_offered_beside_the_options(page: Page) -> None:
    for begun in ("--search ¦", "--search news ¦", '--search "GLM news" recency=week ¦'):
        found = offered(page, f"%%glm {begun}")
        assert {"recency=", "engine=", "--model"} <= set(found)
    assert "recency=" not in offered(page, "%%glm --search -¦")
    assert "recency=" not in offered(page, "%%glm --search news -q ¦")


@pytest.mark.parametrize(
    "begun", ["-m ¦", "-m¦", "--model ¦", "--model=¦", "--once -m ¦ --quiet", "-m '¦'", '--model="¦']
)
def test_the_models_are_those_of_the_catalogue(page: Page, begun: str) -> None:
    before, after = begun.split(CURSOR)
    page.run("%config GLMMagics.model = 'glm-of-mine'")
    for written in ("", "g", "glm-4.7"):
        fitting = [name for name in (*CATALOGUE, "glm-of-mine") if name.startswith(written)]
        cell = f"%%glm {before}{written}{CURSOR}{after}\nHello"
        if begun == "-m¦" and not written:
            continue  # that is an option still
        assert becomes(page, cell) == [f"%%glm {before}{name}{after}\nHello" for name in fitting]
        assert in_a_terminal(page, cell) == becomes(page, cell)


def test_the_threads_are_those_that_there_are(page: Page, server: PracticeServer) -> None:
    assert offered(page, "%%glm -t ¦") == []
    assert page.session._chat is None, "completion alone makes no chat"
    server.enqueue(Answer("Fine."), Answer("Good."))
    page.run("%%glm\nHow are you?")
    page.run("%%glm -t drafts\nHow are you?")
    assert offered(page, "%%glm -t ¦") == ["main", "drafts"]
    assert becomes(page, "%glm thread dr¦") == ["%glm thread drafts"]


# Commands


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("%glm mo¦", ["model", "models"]),
        ("    %glm hist¦", ["history"]),
        ("%glm budget ¦", ["off"]),
        ("%glm practice ¦", ["off", "inside.png", "'my talk.md'", "plots/", "它.md"]),
        ("%glm login ¦", [*NAMED_ADDRESSES, "--save"]),
        ("%glm login z¦", ["z.ai", "z.ai/coding"]),
        ("%glm login -¦", ["--save"]),
        ("%glm login --save ¦", []),
        ("%glm journal a¦", ["auto"]),
        ("%glm journal ¦", ["auto", "off", "inside.png", "'my talk.md'", "plots/", "它.md"]),
        ("%glm resume ¦", ["inside.png", "'my talk.md'", "plots/", "它.md", "--earlier"]),
        ("%glm export 它¦", ["它.md"]),
        ('%glm export "my¦', ["my talk.md"]),
        ("%glm export .¦", [".secret.md"]),
        (r"%glm export my\ t¦", ["'my talk.md'"]),
        (r'%glm export "my\\ t¦', []),
        ("%glm export x.md ¦", ["--force"]),
        ("%glm fork ¦", []),
        ("%glm fork side ¦", ["--at"]),
        ("%glm help mod¦", ["model", "models"]),
        ("%glm models ¦", []),
        ("%glm nonsense ¦", []),
        ("%glm system inv¦", []),
        ("%glm ask inv¦", []),
        ("%glm ask of {{ inv¦", ["invoices", "inventory"]),
    ],
)
def test_a_command_is_completed(filled: Page, line: str, texts: list[str]) -> None:
    assert offered(filled, line) == texts
    assert offered(filled, f"x = 1\n{line}\ny = 2") == texts


@pytest.mark.parametrize(("name", "quoted"), [("it's.md", '"it\'s.md"'), ('it\'s a "b".md', r'''"it's a \"b\".md"''')])
def test_a_name_with_quotes_is_quoted(filled: Page, tmp_path: Path, name: str, quoted: str) -> None:
    (tmp_path / name).touch()
    assert offered(filled, "%glm export it¦") == [quoted]
    assert filled.run(f"%glm export {quoted}").error is not None, "there is nothing to export, or it is there already"


def test_all_commands_are_offered(page: Page) -> None:
    assert offered(page, "%glm ¦") == list(COMMANDS)
    assert offered(page, "%glm help ¦") == list(COMMANDS)


def test_the_models_of_the_command(page: Page) -> None:
    assert offered(page, "%glm model ¦") == list(CATALOGUE)
    assert offered(page, "%glm model glm-4.7 ¦") == []


def test_tools_are_added_from_the_notebook_and_removed_from_the_chat(filled: Page) -> None:
    assert offered(filled, "%glm tools ¦") == ["add", "remove", "list"]
    assert offered(filled, "%glm tools remove ¦") == []
    assert offered(filled, "%glm tools add me¦") == ["mean", "median"]
    assert filled.run("%glm tools add mean").success
    assert offered(filled, "%glm tools remove ¦") == ["mean"]
    assert becomes(filled, "%glm tools add mean,med¦") == ["%glm tools add mean,median"]


# References


class Pump:
    __slots__ = ("flow",)

    def __init__(self) -> None:
        self.flow = {"litres": 3}


@dataclass
class Plant:
    pump: Pump
    _secret: int = 0


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("{{ inv¦", ["invoices", "inventory"]),
        ("{{inv¦", ["invoices", "inventory"]),
        ("Sum up {{ invoi¦ }} please", ["invoices"]),
        ("{{ invoices }} and {{ inven¦", ["inventory"]),
        ("{{ Ou¦", ["Out"]),
        ("{{ err¦", ["error"]),
        ("{{ _hi¦", ["_hidden"]),
        ("{{ inventory[¦", ['"bolts"', '"nuts"']),
        ('{{ inventory["¦', ["bolts", "nuts"]),
        ("{{ inventory['¦", ["bolts", "nuts", 'a "b"']),
        ('{{ inventory["bolts"]["in¦', ["in stock"]),
        ('{{ inventory["screws"]["¦', []),
        ("{{ invoices[0].sel¦", []),
        ("{{ plant.pu¦", ["pump"]),
        ("{{ plant.¦", ["pump"]),
        ("{{ plant._se¦", ["_secret"]),
        ("{{ plant.pump.¦", ["flow"]),
        ("{{ plant.pump.flow['¦", ["litres"]),
        ("{{ plants[-1].pump.fl¦", ["flow"]),
        ("{{ pair[1].pump.fl¦", ["flow"]),
        ("{{ pair[2].¦", []),
        ("{{ sys.version_in¦", ["version_info"]),
        ("{{ nobody.¦", []),
        ("{{ inventory | ¦", []),
        ("{{ inventory | 5¦", []),
        ("{{ mean(inv¦", []),
    ],
)
def test_a_reference_is_completed(filled: Page, text: str, texts: list[str]) -> None:
    plant = Plant(Pump())
    filled.names.update(plant=plant, plants=[plant], pair=(1, plant))
    assert offered(filled, f"%%glm -b x\nAn earlier line.\n{text}\nA later one.") == texts


def test_a_reference_begins_with_any_name_of_the_notebook(filled: Page) -> None:
    begins = offered(filled, "%%glm\n{{ ¦")
    assert begins == [*(name for name in NAMES if name != "_hidden"), "In", "Out", "_", "error", "out", "cell", "above"]
    assert becomes(filled, "%%glm\n{{ inven¦ }}") == ["%%glm\n{{ inventory }}"]
    assert in_a_terminal(filled, "%%glm\n{{ inven¦ }}") == ["%%glm\n{{ inventory }}"]


def test_the_columns_of_a_table_are_keys(page: Page) -> None:
    import pandas
    import polars

    columns = {"unit price": [1.0], "units": [2], "total": [2.0]}
    page.names.update(bought=pandas.DataFrame(columns), sold=polars.DataFrame(columns))
    for name in ("bought", "sold"):
        assert becomes(page, f'%%glm\n{{{{ {name}["uni¦"] }}}}') == [
            f'%%glm\n{{{{ {name}["unit price"] }}}}',
            f'%%glm\n{{{{ {name}["units"] }}}}',
        ]
        assert "columns" in offered(page, f"%%glm\n{{{{ {name}.¦")
    assert "total" in offered(page, "%%glm\n{{ bought.tot¦")


# Tables


@pytest.fixture
def tabled(page: Page) -> Page:
    """A page with tables of several kinds, and with what is none."""
    import pandas
    import polars

    columns = {"text": ["Good"], "unit price": [1.5], "meta": [{"lang": "zh"}]}
    page.names.update(
        guide="Be strict.",
        frame=pandas.DataFrame(columns),
        limit=5,
        polar=polars.DataFrame(columns),
        series=pandas.Series(["Good"], name="review"),
        texts=["Good"],
        records=[columns | {"n": 1, "meta": {"lang": "zh"}}],
        lists=columns,
        plants=[Plant(Pump())],
        empty=[],
        settings={"text": "no list"},
    )
    return page


TABLES = ["frame", "polar", "series", "texts", "records", "lists", "plants"]


def test_each_is_offered_the_tables_first(tabled: Page) -> None:
    rest = ["guide", "limit", "empty", "settings"]
    assert offered(tabled, "%%glm --each ¦\n{{ text }}") == [*TABLES, *rest]
    assert offered(tabled, "%%glm -q --each=¦") == [*TABLES, *rest]
    assert becomes(tabled, "%%glm --each se¦") == ["%%glm --each series", "%%glm --each settings"]
    assert offered(tabled, "%%glm --each rest.¦") == []
    assert offered(tabled, "%%glm --each frame.tex¦") == ["text"]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("frame", ["text", "meta"]),
        ("polar", ["text", "meta"]),
        ("series", ["review"]),
        ("texts", ["text"]),
        ("records", ["text", "meta", "n"]),
        ("lists", ["text", "meta"]),
        ("empty", ["text"]),
        ("plants", ["pump", "_secret"]),
    ],
)
def test_between_braces_the_columns_of_the_table_come_first(tabled: Page, table: str, columns: list[str]) -> None:
    others = ["guide", "frame", "limit"]
    for line in (f"--each {table} -q", f"-q --each={table}"):
        begins = offered(tabled, f"%%glm {line}\n{{{{ ¦ }}}}")
        assert begins[: len(columns) + 4] == [*columns, "row", *others]
    assert columns[0] not in offered(tabled, "%%glm\n{{ ¦ }}")


def test_the_parts_of_a_row_are_offered(tabled: Page) -> None:
    tabled.names.update(meta={"of the notebook": 1}, row={"the same": 1})
    assert offered(tabled, "%%glm --each frame\n{{ row[¦") == ['"text"', '"unit price"', '"meta"']
    assert offered(tabled, "%%glm --each records\n{{ row['¦") == ["text", "unit price", "meta", "n"]
    assert offered(tabled, "%%glm --each records\n{{ meta['¦") == ["lang"]
    assert offered(tabled, "%%glm --each lists\n{{ meta['¦") == ["lang"]
    assert offered(tabled, "%%glm --each frame\n{{ meta['¦") == [], "the notebook's meta is not what is meant"
    assert offered(tabled, "%%glm\n{{ meta['¦") == ["of the notebook"]


def test_a_table_that_is_not_there_has_no_columns(tabled: Page) -> None:
    without = offered(tabled, "%%glm\n{{ ¦")
    for table in ("nobody", "5", "limit", "frame.index", "'", ""):
        assert offered(tabled, f"%%glm --each {table}\n{{{{ ¦") == without


@pytest.mark.parametrize(
    "text",
    [
        "inv¦",
        "{{ invoices }} inv¦",
        "{ inv¦",
        "{{{ inv¦",
        "{{ invoices\ninv¦",
        "```\n{{ inv¦\n```",
        "```jinja\n{{ inv¦",
        "the word `{{ inv¦ }}` in code",
        r"$$x_{{ inv¦ }}$$",
    ],
)
def test_the_prose_and_its_code_are_completed_as_ever(filled: Page, text: str) -> None:
    assert_as_ever(filled, f"%%glm\n{text}")


def test_a_raw_cell_has_no_references(filled: Page) -> None:
    assert_as_ever(filled, "%%glm -b x --raw\n{{ inv¦")


# Everywhere else


def assert_as_ever(page: Page, cell: str) -> None:
    ours = becomes(page, cell)
    completer.uninstall(page.shell)
    assert ours == becomes(page, cell)


@pytest.mark.parametrize(
    "cell",
    [
        "inv¦",
        "invoices.app¦",
        "inventory['¦",
        "import js¦",
        "from os import pa¦",
        "open('insi¦",
        "%ti¦",
        "%%ca¦",
        "%%gl¦",
        "%%glm¦",
        "%gl¦",
        "%glm¦",
        "glm mo¦",
        "%time inv¦",
        "%load_ext zh¦",
        "%config GLMMa¦",
        "!ls insi¦",
        "x = '''\n%glm mo¦\n'''",
        "print('%glm mo¦')",
        "%%bash\n%glm mo¦",
        "%%bash\ncat {{ inv¦",
        "%%html\n{{ inv¦",
        "%%time\ninv¦",
        "%%glm -q\n#| --mo¦\nHello",
        "# --mo¦\n%%glm\nHello",
        "%%glm -q \\\n-m glm-4\n--mo¦",
        "%%time -¦\n%%glm\nHello",
        "f'{{ inv¦'",
        "x = 1\n%%glm --mo¦",
        "\\alph¦",
        "¦",
        "¦%%glm --model",
        "%%g¦lm --model",
        "mean(val¦",
    ],
)
def test_all_other_cells_are_completed_as_ever(filled: Page, cell: str) -> None:
    assert_as_ever(filled, cell)


def test_unloading_takes_it_away_and_leaves_the_users_own(page: Page) -> None:
    def theirs(text: str) -> list[str]:
        return [f"{text}-of-theirs"]

    matchers = page.shell.Completer.custom_matchers
    matchers.append(theirs)
    page.run("%unload_ext zhipu_magic\n%load_ext zhipu_magic")
    assert len(matchers) == 2
    page.run("%unload_ext zhipu_magic")
    assert matchers == [theirs]
    matchers.clear()


# What completion may not do


class Guarded:
    """A value that tells when anything of it is run."""

    run: list[str]

    def __init__(self) -> None:
        object.__setattr__(self, "run", [])
        object.__setattr__(self, "inside", {"key": 1})

    def _told(self, what: str) -> Any:
        object.__getattribute__(self, "run").append(what)
        raise RuntimeError(what)

    def __getattribute__(self, name: str) -> Any:
        return object.__getattribute__(self, "_told")(f"attribute {name}")

    def __getitem__(self, key: Any) -> Any:
        return object.__getattribute__(self, "_told")(f"item {key}")

    def __iter__(self) -> Any:
        return object.__getattribute__(self, "_told")("iteration")

    def __len__(self) -> Any:
        return object.__getattribute__(self, "_told")("length")

    def __bool__(self) -> Any:
        return object.__getattribute__(self, "_told")("truth")

    def __repr__(self) -> Any:
        return object.__getattribute__(self, "_told")("repr")

    def __eq__(self, other: object) -> Any:
        return object.__getattribute__(self, "_told")("comparison")

    __hash__ = object.__hash__

    @property
    def slow(self) -> Any:
        return object.__getattribute__(self, "_told")("property")

    keys = columns = slow


def test_nothing_of_the_users_is_run(page: Page) -> None:
    guarded = Guarded()
    page.names.update(guarded=guarded, kept={"guarded": guarded})
    assert offered(page, "%%glm\n{{ guarded.s¦") == ["slow"]
    assert offered(page, "%%glm\n{{ kept['guarded'].ins¦") == ["inside"]
    assert offered(page, "%%glm\n{{ guarded.inside['¦") == ["key"]
    for cell in (
        *("--each ¦", "--each guarded\n{{ ¦", "--each kept\n{{ ¦", "--each guarded\n{{ row['¦"),
        *("-b ¦", "--as ¦", "--as guarded.¦", "--tool ¦", "--image ¦", "--image guarded.¦", "-t ¦", "-m ¦"),
        *("\n{{ ¦", "\n{{ guarded.slow.¦", "\n{{ guarded[¦", "\n{{ guarded[0].¦", "\n{{ guarded['¦"),
    ):
        offered(page, f"%%glm {cell}")
    assert object.__getattribute__(guarded, "run") == []


def test_a_missing_key_is_not_made(page: Page) -> None:
    page.names["counts"] = counts = defaultdict(dict)
    assert offered(page, "%%glm\n{{ counts['a'].¦") == []
    assert not counts


def test_completion_sends_nothing(page: Page, server: PracticeServer) -> None:
    for cell in ("%%glm -m ¦", "%%glm -t ¦", "%glm model ¦", "%glm thread ¦", "%glm tools remove ¦", "%%glm\n{{ ¦"):
        offered(page, cell)
    assert not server.requests
    assert page.session._chat is None


PIECES = st.sampled_from(
    [
        *("%%glm", "%glm", "%%time\n", " ", "\n", "\t", '"', "'", "\\", "=", ",", "-", "--", "`", "```\n", "$$", "\r"),
        *("{{", "}}", "{", "}", "[", "]", ".", "|", "(", "\u2028", "\x00", "🌍", "\ud800", "它"),
        *(
            "-m",
            "--each",
            "--model",
            "--as",
            "--tool",
            "--image",
            "-b",
            "-t",
            "--search",
            "--raw",
            "--param",
            "model",
            "export",
        ),
        *("inventory", "guarded", "invoices", "sys", "Out", "In", "_", "0", "-1", "'bolts'", "~", "/", "plots/"),
    ]
)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(pieces=["%%glm", "\0"], place=1.0, begins="%%glm")
@example(pieces=["%%glm", "\0"], place=0.5, begins="%%glm")
@given(pieces=st.lists(PIECES | st.text(max_size=3), max_size=14), place=st.floats(0, 1), begins=PIECES)
def test_no_text_makes_it_raise(filled: Page, pieces: list[str], place: float, begins: str) -> None:
    filled.names["guarded"] = Guarded()
    text = f"{begins} {''.join(pieces)}"
    offset = round(place * len(text))
    before = text[:offset].split("\n")
    offered = offer(filled.session, text, len(before) - 1, len(before[-1]))
    if offered is not None:
        assert text[:offset].endswith(offered.fragment)
        for word, kind in offered.found:
            assert word
            assert kind


def test_what_cannot_be_looked_at_is_no_error(
    page: Page, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(Plant):
        def __dir__(self) -> Any:
            raise RuntimeError("no names today")

    page.names["plant"] = Broken(Pump())
    assert offered(page, "%%glm\n{{ plant.¦") == ["pump"]
    with monkeypatch.context() as patched:
        patched.setattr(page.shell, "user_ns_hidden", None)
        offered(page, "%%glm -b ¦")
        offered(page, "%%glm\n{{ ¦")
    assert capsys.readouterr() == ("", "")


# What it costs to load


def test_loading_it_imports_nothing_more() -> None:
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
from zhipu_magic.notebook.magics import GLMMagics
session = GLMMagics(shell).session
before = set(sys.modules)
from zhipu_magic.notebook.completer import completer
completer.install(shell, session)
print(*sorted(set(sys.modules) - before))
shell.user_ns["x"] = {"key": 1}
from IPython.core.completer import provisionalcompleter
for text in ("%%glm --im", "%%glm --image ", "%glm mo", "%%glm\\n{{ x", "%%glm\\n{{ x[", "%%glm --as "):
    with provisionalcompleter():
        print(len(list(shell.Completer.completions(text, len(text)))))
print(*({"pandas", "polars", "numpy", "matplotlib", "pydantic", "zhipuai", "httpx"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, *counts, last = done.stdout.split("\n")[:-1]
    assert first.split() == ["zhipu_magic.notebook.completer", "zhipu_magic.notebook.completer.completer"]
    assert "0" not in counts
    assert last.split() == []


def asked(page: Page, cell: str, *insides: str) -> list[tuple[str, str]]:
    """What the page learns about these references of a cell, in the way in which it asks."""
    text = f"{cell}\n{{{{ " + "".join(ENQUIRY + inside for inside in insides)
    with provisionalcompleter():
        found = rectify_completions(text, page.shell.Completer.completions(text, len(text)))
        return [(each.text, each.type) for each in found]


def test_the_page_learns_which_references_are_names(page: Page) -> None:
    page.run("inventory, _aside = {}, 0")
    assert asked(page, "%%glm", "inventory", 'invetory["bolts"] | 50', "_aside", "In", "error", "f(x)", "zebra") == [
        ("0", "known"),
        ("1 inventory", "unknown"),
        ("2", "known"),
        ("3", "known"),
        ("4", "known"),
        ("5", "text"),
        ("6", "unknown"),
    ]
    assert asked(page, "%%glm", "len(inventory)", "inventory | upper", "{% x", "2 + 2", "inventory | repr 50") == [
        ("0", "code"),
        ("1", "code"),
        ("2", "text"),
        ("3", "text"),
        ("4", "known"),
    ]
    slips = ("inventory | 5oo", "inventory |", "above | x", "Path('a.pdf') | seite 2", "zebra | 5oo")
    assert asked(page, "%%glm", *slips) == [(str(number), "code") for number in range(5)]
    assert asked(page, "%%glm", "zebra | upper", "inventory || zebra") == [("0", "text"), ("1", "text")]
    assert len(asked(page, "%%glm", *["inventory"] * 1_000)) == 200


def test_the_page_learns_which_references_are_columns(tabled: Page) -> None:
    insides = ("text", 'note | default("none")', "row.txt", "txt")
    unknown = [("1", "unknown"), ("2", "known"), ("3 text", "unknown")]
    assert asked(tabled, "%%glm --each frame -q", *insides) == [("0", "known"), *unknown]
    assert asked(tabled, "%%glm --each frame -q", "text.upper()", "no.upper()") == [("0", "code"), ("1", "text")]
    assert asked(tabled, "%%glm --each frame -q", "text | 5oo", "row.text | 5oo") == [("0", "code"), ("1", "code")]
    # A table that cannot be told before it is asked for may have any column.
    assert asked(tabled, "%%glm --each rest", *insides) == [(str(number), "known") for number in range(4)]


def test_asking_about_references_runs_nothing_of_the_users(page: Page) -> None:
    page.run(
        "ran = []\n"
        "class Loud:\n"
        "    def __getattr__(self, name): ran.append(name)\n"
        "    def __getitem__(self, key): ran.append(key)\n"
        "loud = Loud()"
    )
    assert asked(page, "%%glm", "loud.x", "loud[0]", "lod.x") == [("0", "known"), ("1", "known"), ("2 loud", "unknown")]
    assert page.names["ran"] == []
