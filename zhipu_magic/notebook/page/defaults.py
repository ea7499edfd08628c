"""The settings that a user has made in the front end: defaults of those of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from traitlets import TraitError

from ...text.characters import printable, shorten

if TYPE_CHECKING:
    from ..settings import Settings

#: What may be set there: nothing that says where requests go, with which key, or what is kept.
NAMES = ("model", "system", "temperature", "stream", "panel", "rerun", "value_tokens")
#: Characters of what is wrong with a value.
_LONGEST = 200


class PageDefaults:
    """Applies them where nobody has set anything else: no config file, no %config, no cell, no resumed conversation.

    A replay asks as the page was recorded, and takes none.
    """

    def __init__(self, settings: Settings, notify: Callable[[str], None]) -> None:
        self._settings = settings
        self._notify = notify
        self._told: dict[str, object] = {}
        self._before: dict[str, object] = {}
        #: Settings that somebody else has changed.
        self._taken: set[str] = set()
        self._applying = False
        settings.observe(self._note, NAMES)

    def apply(self, told: Mapping[str, object]) -> None:
        """Apply these, and take back what was applied before and is no longer among them. Says what is invalid."""
        if self._settings.replay != "off":
            return
        wanted = {name: told[name] for name in NAMES if told.get(name) not in (None, "")}
        if wanted == self._told:
            return
        for name in NAMES:
            if name in self._taken or self._is_configured(name):
                continue
            if name in wanted:
                if wanted[name] != self._told.get(name):
                    self._set(name, wanted[name])
            elif name in self._before:
                self._set(name, self._before.pop(name))
        self._told = wanted

    def _set(self, name: str, value: object) -> None:
        before = getattr(self._settings, name)
        self._applying = True
        try:
            setattr(self._settings, name, value)
        except TraitError as error:
            why = shorten(printable(str(error)), _LONGEST)
            self._notify(f"The setting {name} of the front end is not used: {why}")
        else:
            self._before.setdefault(name, before)
        finally:
            self._applying = False

    def _note(self, change: Any) -> None:
        if not self._applying:
            self._taken.add(change["name"])

    def _is_configured(self, name: str) -> bool:
        """Whether a config file or %config has set it."""
        config = getattr(self._settings, "config", {})
        return any(name in config[kind.__name__] for kind in type(self._settings).__mro__ if kind.__name__ in config)
