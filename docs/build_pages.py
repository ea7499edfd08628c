"""Builds the pages: `python docs/build_pages.py en zh` into `docs/_build/html/en`, `…/zh`, and one that chooses.

Every warning is an error: links that lead nowhere among the pages, headings, references. In Chinese, so is a text that
has no translation (`docs/translations.py`). Nothing is fetched; links to other sites are not followed.

`--draft` builds Chinese pages with the translations that there are, for those who write them, and `--texts` alone
brings the catalogues in `docs/locale` up to date with the English pages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import translations

HERE = Path(__file__).parent
BUILD = HERE / "_build"
#: The languages of the pages: the name of each in itself, and for HTML.
LANGUAGES = {"en": ("English", "en"), "zh": ("中文", "zh-CN")}
CATALOGUES = HERE / "locale"


def build(languages: list[str], *, draft: bool = False) -> int:
    """Build these languages at once; gives the exit status. A `draft` may lack translations."""
    made = BUILD / "made"
    shutil.rmtree(made, ignore_errors=True)
    with ThreadPoolExecutor() as pool:
        looked = pool.submit(_missing) if "zh" in languages and not draft else None
        statuses = list(pool.map(lambda language: _pages(language, languages, made), languages))
    missing = looked.result() if looked else []
    if missing:
        print(*missing, f"{len(missing)} texts have no translation: docs/locale", sep="\n", file=sys.stderr)
    if missing or any(statuses):
        return 1
    shutil.rmtree(BUILD / "html", ignore_errors=True)
    for language in languages:
        shutil.move(made / language / "html", BUILD / "html" / language)
    shutil.rmtree(made)
    (BUILD / "html" / "index.html").write_text(landing(languages), encoding="utf-8")
    print(f"The pages are in {BUILD / 'html' / 'index.html'}")
    return 0


def _pages(language: str, languages: list[str], made: Path) -> int:
    """Build one language in a folder of its own, where MyST-NB leaves files beside the pages."""
    code = "zh_CN" if language == "zh" else language
    return _sphinx(
        *("-b", "html", "-n", "-W", "--keep-going", "-d", BUILD / "doctrees" / language, "-D", f"language={code}"),
        *("-A", f"languages={' '.join(languages)}", HERE, made / language / "html"),
    )


def landing(languages: list[str]) -> str:
    """The page that leads to the one in the browser's language."""
    links = "".join(
        f'<a href="{language}/index.html" hreflang="{html}" lang="{html}">{name}</a>'
        for language, (name, html) in LANGUAGES.items()
        if language in languages
    )
    return (HERE / "landing.html").read_text(encoding="utf-8").replace("<!-- LANGUAGES -->", links)


def texts() -> int:
    """Bring the catalogues up to date: new texts are empty, changed ones marked as fuzzy."""
    templates = _templates()
    status = _run("sphinx_intl", "update", "-p", templates, "-d", CATALOGUES, "-l", "zh_CN", "--line-width", "120")
    translations.tidy(CATALOGUES)
    return status


def _missing() -> list[str]:
    return translations.missing(_templates(), CATALOGUES / "zh_CN" / "LC_MESSAGES")


def _templates() -> Path:
    """The texts of the English pages, as `.pot` files. The notebooks are not among them: they are written anew."""
    into = BUILD / "gettext"
    shutil.rmtree(into, ignore_errors=True)
    if status := _sphinx("-b", "gettext", "-d", BUILD / "doctrees" / "gettext", HERE, into):
        raise SystemExit(status)
    shutil.rmtree(into / "notebooks", ignore_errors=True)
    return into


def _sphinx(*arguments: object) -> int:
    # Everything is read anew (-E): what is made from the code has changed with the code.
    return _run("sphinx", "-E", "-q", *arguments)


def _run(module: str, *arguments: object) -> int:
    """Run a module; what it says is shown once it has ended, since several run at once."""
    # What the code says of itself is English, whatever the language of this machine; `from_code` translates it.
    environment = {**os.environ, "ZHIPU_MAGIC_LANGUAGE": "en"}
    command = [sys.executable, "-m", module, *map(str, arguments)]
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(ended.stdout, end="", flush=True)
    return ended.returncode


if __name__ == "__main__":
    given = sys.argv[1:]
    if given == ["--texts"]:
        raise SystemExit(texts())
    wanted = [word for word in given if word != "--draft"] or ["en"]
    if unknown := set(wanted) - set(LANGUAGES):
        raise SystemExit(f"There are no pages in {', '.join(sorted(unknown))}: {', '.join(LANGUAGES)}.")
    raise SystemExit(build(wanted, draft="--draft" in given))
