"""README.md and README.zh-CN.md: what they name is there, what they show works, and both say the same."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from english import HAN
from in_process import Page

from zhipu_magic import __main__ as program
from zhipu_magic import __version__
from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.line import cell_line
from zhipu_magic.notebook.settings import Settings
from zhipu_magic.practice import PracticeServer
from zhipu_magic.service.models import DEFAULT_MODEL, FREE, find

ROOT = Path(__file__).parents[2]
NAMES = ("README.md", "README.zh-CN.md")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in NAMES}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
EXTRAS = set(
    re.findall(
        r"(?m)^(\w+) = \[",
        (ROOT / "pyproject.toml")
        .read_text(encoding="utf-8")
        .split("[project.optional-dependencies]")[1]
        .split("\n[")[0],
    )
)
#: Words in code that are no command, option, setting or target, and what they name.
OTHERS = {
    "Completion": "the SDK's",
    "response": "bound by the first cell",
    "sales": "bound by a cell",
    "{{ sales }}": "a reference to it",
    "lesson.yaml": "written in its story",
    ".glm": "the folder of journals",
    ".glm/NOTEBOOK.jsonl": "a journal",
    "ls -A": "not ours",
    "%pip install pandas": "IPython's",
    "jupyter lab": "Jupyter's",
}


def blocks(name: str) -> list[tuple[str, str]]:
    """The blocks of code, each with its language."""
    return re.findall(r"(?m)^```(\w*)\n((?s:.*?))^```$", TEXTS[name])


def prose(name: str) -> str:
    return re.sub(r"(?m)^```(?s:.*?)^```$", "", TEXTS[name])


def inline(name: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", prose(name))


def links(name: str) -> list[str]:
    return re.findall(r"\]\(([^)#]+)\)", prose(name))


def shell_lines(name: str) -> list[str]:
    """The commands for a shell, without what is said of them."""
    found = [line for kind, text in blocks(name) if kind == "sh" for line in text.splitlines()]
    found += [code for code in inline(name) if code.startswith(("make ", "python "))]
    return [re.sub(r" +# .*", "", line) for line in found]


def check(code: str) -> None:
    """What stands in backticks names something that there is."""
    if code.startswith("%%glm"):
        cell_line.parse(code.removeprefix("%%glm").strip())
    elif code.startswith("%glm"):
        word = code.split()[1]
        assert word in COMMANDS or word == "help", code
    elif code.startswith("%config GLMMagics."):
        setting, value = code.removeprefix("%config GLMMagics.").split(" = ")
        Settings(**{setting: ast.literal_eval(value)})
    elif re.fullmatch(r"[A-Z_]{9,}", code):
        assert any(f'"{code}"' in file.read_text(encoding="utf-8") for file in (ROOT / "zhipu_magic").rglob("*.py")), (
            code
        )
    elif re.fullmatch(r"\[[a-z,]+\]", code):
        assert set(code[1:-1].split(",")) <= EXTRAS
    elif not code.startswith(("make ", "python ")):
        assert code in OTHERS or code in EXTRAS or code == DEFAULT_MODEL, f"{code}: is there such a thing?"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_short(name: str) -> None:
    assert len(TEXTS[name].splitlines()) <= 150


@pytest.mark.parametrize("name", NAMES)
def test_all_that_it_names_is_there(name: str) -> None:
    for code in inline(name):
        check(code)


@pytest.mark.parametrize("name", NAMES)
def test_its_links_lead_somewhere(name: str) -> None:
    assert [link for link in links(name) if not link.startswith("https:") and not (ROOT / link).exists()] == []
    assert next(other for other in NAMES if other != name) in links(name)


@pytest.mark.parametrize("name", NAMES)
def test_its_commands_for_a_shell_are_there(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = set()
    for line in shell_lines(name):
        words = shlex.split(line)
        kinds.add(words[0])
        if words[0] == "make":
            assert re.search(rf"(?m)^\.PHONY:.* {words[1]}\b", MAKEFILE)
            assert all(f"$({variable.split('=')[0]})" in MAKEFILE.replace("$(if $(", "$(") for variable in words[2:])
        elif words[0] == "pip":
            assert words[1] == "install"
            assert {
                extra for word in words[2:] for found in re.findall(r"\[(.*)\]", word) for extra in found.split(",")
            } <= EXTRAS
        else:
            assert words[:3] == ["python", "-m", "zhipu_magic"]
            with pytest.raises(SystemExit, match=r"^0$"):
                program.main([words[3], "--help"])
            assert ("NOTEBOOK" in capsys.readouterr().out) == bool(words[4:])
            assert all(list(ROOT.glob(pattern)) for pattern in words[4:])
    assert kinds == {"make", "pip", "python"}


def test_before_pip_is_silent_for_minutes_that_is_said() -> None:
    recipes = [rule for rule in re.split(r"\n(?=\S)", MAKEFILE) if re.search(r"-m pip install\b.*--quiet", rule)]
    assert recipes and all("\n\t$(INSTALLS)\n" in recipe.partition("-m pip")[0] for recipe in recipes)


@pytest.mark.parametrize("name", NAMES)
def test_its_cells_run(
    name: str, bare_page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    monkeypatch.chdir(tmp_path)
    for folder in ("notebooks/data", "notebooks/zh/data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    cells = []
    for kind, text in blocks(name):
        if kind == "yaml":
            (tmp_path / "lesson.yaml").write_text(text, encoding="utf-8")
        elif kind != "sh":
            cells.append(bare_page.run(text, f"cell {len(cells)}"))
            assert cells[-1].success, (text, cells[-1].error)
    names = bare_page.names
    assert names["response"].choices[0].message.content == "当然，要创作一个吸引人的口号，请告诉我一些关于您产品的信息"
    shop = {"README.md": "harbour", "README.zh-CN.md": "码头店"}[name]
    assert any(shop in str(received.body) for received in server.requests)
    assert list(names["labelled"].columns)[-2:] == ["sentiment", "about"]
    assert len(names["labelled"]) == 5 and names["labelled"]["sentiment"].notna().all()
    told = re.search(r"reply: (.*)", TEXTS[name])
    assert told is not None and cells[-1].plain() == told[1]


def in_english(path: str) -> str:
    """Where the English notebooks, pictures and pages are, for a path of the Chinese ones."""
    return path.replace("notebooks/zh/", "notebooks/").replace("/zh_CN/", "/en/").replace(".zh-CN.md", ".md")


def test_both_say_the_same() -> None:
    english, chinese = NAMES
    assert sorted(set(inline(english))) == sorted(set(inline(chinese)))
    assert shell_lines(english) == [in_english(line) for line in shell_lines(chinese)]
    others = [[in_english(link) for link in links(name) if link not in NAMES] for name in NAMES]
    assert sorted(set(others[0])) == sorted(set(others[1]))
    assert len(re.findall("(?m)^## ", TEXTS[english])) == len(re.findall("(?m)^## ", TEXTS[chinese]))
    kinds = [[kind for kind, _ in blocks(name)] for name in NAMES]
    assert kinds[0] == kinds[1]


def test_what_they_say_of_the_defaults_is_so() -> None:
    settings = Settings()
    assert settings.model == DEFAULT_MODEL
    model = find(DEFAULT_MODEL)
    assert model is not None and model.prices == FREE
    assert f"{settings.value_tokens:,}" == "4,000"


def test_chinese_is_set_as_chinese() -> None:
    text = re.sub(r"[\[!]|\]\([^)]*\)|\*\*", "", prose("README.zh-CN.md"))
    text = re.sub(r"`[^`]*`|<[^>]*>", "x", text)
    assert re.findall(rf"{HAN}[,;:?!()]|[,;:?!]{HAN}", text) == []
    assert re.findall(rf"{HAN}[A-Za-z0-9]|[A-Za-z0-9]{HAN}", text) == []


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.skipif(sys.platform == "win32", reason="the Makefile is not for Windows, whose paths its shell misreads")
def test_a_wheel_is_built_that_can_be_installed(tmp_path: Path) -> None:
    # What builds it is installed with the tests: nothing has to be downloaded.
    environment = {**os.environ, "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    make = ["make", "--silent", "wheel", f"RUN={sys.executable}", f"DIST={tmp_path}"]
    built = subprocess.run(make, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.iterdir()
    assert wheel.name == f"zhipu_magic-{__version__}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    assert {"zhipu_magic/notebook/quickstart.ipynb", "zhipu_magic/notebook/quickstart_zh.ipynb"} <= set(names)
    assert any(name.endswith("labextensions/zhipu-magic/package.json") for name in names)
    assert not [name for name in names if name.startswith(("tests", "docs", "notebooks"))]
    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(installed), str(wheel)]
    subprocess.run(pip, env=environment, capture_output=True, timeout=100, check=True)
    shown = subprocess.run(
        [sys.executable, "-c", "import zhipu_magic.notebook.extension as e; print(e.__file__)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert Path(shown.stdout.strip()).is_relative_to(installed)
