"""What a contributor is told agrees with what is run: hooks with `make check`, forks' Pythons, versions, forms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import coverage_gate
import pytest
import release_check
import yaml
from pathspec import GitIgnoreSpec

from zhipu_magic import __version__

ROOT = Path(__file__).parents[2]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile."""
    rule = re.search(rf"^{target}:(.*)\n((?:\t.*\n)*)", read("Makefile"), flags=re.MULTILINE)
    assert rule is not None
    before = [line for part in re.findall(r" ([a-z-]+)", rule[1]) for line in recipe(part)]
    return [*before, *(line.strip() for line in rule[2].splitlines())]


def test_hooks_are_the_commands_of_make_check() -> None:
    hooks = [hook["entry"] for hook in yaml.safe_load(read(".pre-commit-config.yaml"))["repos"][0]["hooks"]]
    checks = [re.sub(r"^\$\(NODE\) \".*\" ", "", line).replace("$(VENV)", ".venv") for line in recipe("check")]
    # A hook gets the names of the files, and mends their format at once.
    assert {hook.replace(" --force-exclude", " .") for hook in hooks} == {
        line.replace("format --check", "format") for line in checks
    }


def test_forks_run_the_oldest_and_the_newest_python() -> None:
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    told = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', read("pyproject.toml"))
    assert jobs["test"]["strategy"]["matrix"]["python"] == [told[0], told[-1]]


def test_forks_run_targets_that_there_are() -> None:
    steps = [step for job in yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"].values() for step in job["steps"]]
    made = [target for step in steps for target in re.findall(r"^make (\S+)$", step.get("run", ""), flags=re.MULTILINE)]
    assert {"check", "docs", "test", "coverage", "release-check"} == set(made)
    assert all(recipe(target) for target in made)


def test_the_newest_version_is_the_package_s() -> None:
    assert release_check.version_of_the_sources() == __version__
    assert release_check.version_of_the_changelog() == __version__
    assert f"git tag -a v{__version__}" in read("CONTRIBUTING.md")


def test_what_has_no_version_yet_is_seen() -> None:
    changelog = "# Changelog\n\n## [Unreleased]\n\n{}## [0.9.0] - 2026-11-28\n\n- Old.\n"
    assert release_check.unreleased(changelog.format("- New.\n\n")) == "- New."
    assert release_check.unreleased(changelog.format("")) == ""


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no clone: nothing tells what belongs to it")
def test_what_git_does_not_know_is_not_released(tmp_path: Path) -> None:
    release_check.check_known(tmp_path / "x.tar.gz", ["README.md", "zhipu_magic/__init__.py"])
    with pytest.raises(SystemExit, match=r"git does not know: \['\.env', 'zhipu_magic/\.glm/talk\.jsonl'\]"):
        release_check.check_known(tmp_path / "x.tar.gz", ["README.md", ".env", "zhipu_magic/.glm/talk.jsonl"])


def test_keys_and_journals_beside_the_sources_go_nowhere() -> None:
    ignored = GitIgnoreSpec.from_lines(read(".gitignore").splitlines())  # as the build reads it
    private = [".env", ".glm/a.jsonl", "zhipu_magic/.glm/a.jsonl", "notebooks/.env.local", "docs/.glm/a.rows.jsonl"]
    published = ["notebooks/.glm/quickstart.jsonl", "notebooks/zh/.glm/quickstart.jsonl", "zhipu_magic/__init__.py"]
    assert list(ignored.match_files([*private, *published])) == private


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_speaks_both_languages(form: Path) -> None:
    page = yaml.safe_load(form.read_text("utf-8"))
    if form.stem == "config":
        return
    told = [page["name"], page["description"]]
    for part in page["body"]:
        told += [part["attributes"][name] for name in ("label", "description", "value") if name in part["attributes"]]
    assert len(told) >= 6
    for words in told:
        assert re.search("[一-鿿]", words) and re.search("[A-Za-z]{3}", words), words


def report(lines: tuple[int, int], branches: tuple[int, int]) -> dict[str, Any]:
    summary = {
        "covered_lines": lines[0],
        "num_statements": lines[1],
        "missing_lines": lines[1] - lines[0],
        "covered_branches": branches[0],
        "num_branches": branches[1],
        "missing_branches": branches[1] - branches[0],
    }
    return {"totals": summary, "files": {"a.py": {"summary": summary}}}


@pytest.mark.parametrize(
    ("lines", "branches", "status"),
    [
        ((97, 100), (97, 100), 0),
        ((10_000, 10_000), (96, 100), 1),  # in one number, it would be more than 99 %
        ((96, 100), (10_000, 10_000), 1),
        ((969_999, 1_000_000), (1, 1), 1),  # 96.9999 is rounded to no 97
        ((1, 1), (0, 0), 0),
    ],
)
def test_lines_and_branches_are_each_covered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: tuple[int, int], branches: tuple[int, int], status: int
) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report(lines, branches)), "utf-8")
    assert coverage_gate.main(str(path)) == status
    assert "branches:" in capsys.readouterr().out
