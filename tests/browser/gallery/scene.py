"""A scene of the gallery: cells, what the model answers, and what is said of them, in English and in Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

#: The languages, as Sphinx and JupyterLab name them; each has a folder in docs/pictures.
LANGUAGES = ("en", "zh_CN")

Entry = dict[str, Any]  # of the practice server's file of scripts (docs/practice.md)


class Telling(NamedTuple):
    """A scene in one language."""

    title: str
    about: str
    """A few sentences of Markdown."""
    alt: str
    """What the picture shows, for who cannot see it."""
    cells: tuple[str, ...]
    replies: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Scene:
    """Cells that run one after the other, below one that loads the extension.

    The picture and the page have those from `first` on. `latency` is in seconds, `pace` in chunks a second, as
    `PracticeServer` has them; `width` in CSS pixels.
    """

    name: str
    en: Telling
    zh_CN: Telling
    first: int = 0
    setup: str = ""
    """Lines that run before all others."""
    moves: bool = False
    """Whether there is a moving picture as well."""
    whole: bool = False
    """Whether the picture is the window rather than its cells."""
    listed: bool = True
    """Whether it is on the gallery's page."""
    latency: float = 0.3
    pace: float = 60.0
    limit: int | None = None
    width: int = 800

    def telling(self, language: str) -> Telling:
        return self.en if language == "en" else self.zh_CN
