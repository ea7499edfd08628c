"""The language that a page is read in: as the user has set it, or as `auto` finds it.

`auto` is, in this order: in a replay that sends nothing, the language in which it was recorded; ZHIPU_MAGIC_LANGUAGE;
what the front end says, or JupyterLab's settings on this machine; the language of the system; English.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ...text.languages.language import LANGUAGE_VARIABLE, Language, language_named, reader
from ..front_ends import SESSION_VARIABLE
from ..page_says import PageSays
from ..settings import Settings

#: The settings on which the language depends.
_DECIDING = ("language", "replay", "journal")


class PageLanguage:
    """Keeps the language of what is shown as the settings and the front end have it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._said = ""
        self.front_end: Language | None = None
        """What the front end shows itself in, once it has said so."""
        self.recorded: Callable[[], Language | None] = lambda: None
        """The language in which the journal's conversation was shown."""
        self._first = settings.language
        reader.ask_first(self._found, self._begun)
        reader.choose(settings.language)
        settings.observe(self._follow, _DECIDING)

    def follow_page(self, page: PageSays | None) -> None:
        """Take the language that the page is shown in, if it says so."""
        if page is not None and page.language and page.language != self._said:
            self.front_end_says(page.language)

    def front_end_says(self, name: str) -> None:
        """Note the language of the front end, by its locale's name."""
        self._said = name
        self.front_end = language_named(name)
        reader.look_again()

    def close(self) -> None:
        """Leave no trace of this page in the process."""
        self._settings.unobserve(self._follow, _DECIDING)
        reader.ask_no_more(self._found)

    def _follow(self, change: Any) -> None:
        reader.choose(self._settings.language)

    def _begun(self) -> Language | None:
        """What was set before the first cell. A replay that sends nothing begins as what it shows did."""
        return None if self._settings.replay == "only" else language_named(self._first)

    def _found(self) -> Language | None:
        if self._settings.replay == "only":
            return self.recorded() or "en"
        return language_named(os.environ.get(LANGUAGE_VARIABLE, "")) or self.front_end or self._of_jupyterlab()

    def _of_jupyterlab(self) -> Language | None:
        """What JupyterLab's settings say, where its extension has not."""
        if self._said or not os.environ.get(SESSION_VARIABLE):
            return None
        from .jupyterlab_language import chosen

        return language_named(chosen(os.environ))
