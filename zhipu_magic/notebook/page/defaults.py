"""The settings that a user has made in the front end: defaults of those of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import TraitError

from ...text.characters import printable, shorten
from ...text.languages.messages import _, told

if TYPE_CHECKING:
    from ..settings import Settings

#: Settings that a session's line in the journal holds, with what stands for none there.
_RECORDED: Mapping[str, object] = {"model": None, "system": "", "temperature": None}
#: What may be set there: nothing that says where requests go, with which key, or what is kept.
NAMES = (
    *_RECORDED,
    *("stream", "panel", "rerun", "timeout", "max_retries", "value_tokens", "tool_rounds", "tool_calls"),
    "remote_images",
)
#: What only the first line of a session has in the journal.
_SESSION = '"event": "session"'
#: Characters of what is wrong with a value.
_LONGEST = 200


class PageDefaults:
    """Applies them where nobody has set anything else: no config file, no %config, no cell, no resumed conversation.

    A replay asks as the page was recorded, by whoever recorded it: of what the user has set here, of what is set
    without that, and of what the `journal` has, the first that it was recorded with.
    """

    def __init__(self, settings: Settings, journal: Callable[[], Path | None], notify: Callable[[str], None]) -> None:
        self._settings = settings
        self._journal = journal
        self._notify = notify
        self._wanted: dict[str, object] = {}
        self._before: dict[str, object] = {}
        #: Settings that somebody else has changed.
        self._taken: set[str] = set()
        self._applying = False
        #: What was told last, and whether it was for a replay.
        self._told: tuple[object, bool] | None = None
        settings.observe(self._note, NAMES)

    def apply(self, told: Mapping[str, object]) -> None:
        """Apply these, and take back what was applied before and is no longer among them. Says what is invalid."""
        replays = self._settings.replay != "off"
        if self._told == (told, replays):
            return
        self._told = (told, replays)
        wanted = {name: told[name] for name in NAMES if told.get(name) not in (None, "")}
        if replays:
            wanted = self._as_recorded(wanted)
        for name in NAMES:
            if name in self._taken or self._is_configured(name):
                continue
            if name in wanted:
                if name not in self._wanted or wanted[name] != self._wanted[name]:
                    self._set(name, wanted[name])
            elif name in self._before:
                self._set(name, self._before[name])
                del self._before[name]
        self._wanted = wanted

    @property
    def in_force(self) -> list[str]:
        """The settings whose values are those that the user has set in the front end."""
        return [name for name in NAMES if name in self._before and name not in self._taken]

    def _as_recorded(self, wanted: Mapping[str, object]) -> dict[str, object]:
        """The same, but for what the journal's sessions did not begin with."""
        from ...history.events.changes import SessionEvent
        from ...history.journal.events_with import events_with

        journal, chosen = self._journal(), dict(wanted)
        found = events_with(journal, _SESSION) if journal is not None else ()
        sessions = [event for event in found if isinstance(event, SessionEvent)]
        for name, none in _RECORDED.items():
            recorded = [none if (value := getattr(one, name)) is None else value for one in sessions]
            without = self._before.get(name, getattr(self._settings, name))
            if not recorded or wanted.get(name, without) in recorded:
                continue
            chosen.pop(name, None)
            if without not in recorded:
                chosen[name] = recorded[-1]
        return chosen

    def _set(self, name: str, value: object) -> None:
        before = getattr(self._settings, name)
        self._applying = True
        try:
            setattr(self._settings, name, value)
        except TraitError as error:
            why = shorten(printable(told(error)), _LONGEST)
            self._notify(_("The setting {name} of the front end is not used: {why}", name=name, why=why))
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
