"""Asks several models the same, and makes one of their replies a turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import uuid4

from ..history.events.turn_event import MOST_COMPARED, TurnEvent, newest_comparison
from ..history.history import History
from ..history.turn import Anchor
from ..text.characters import class_name, is_word
from ..text.errors import NOTHING_SENT, GLMError, InvalidRequest
from ..text.languages.joined import comma
from ..text.suggestions import nearest
from ..values.references import Prompt
from .compose import Along, Composer
from .dispatch import Dispatch
from .documents.uploads import Uploads, say_what_was_sent
from .options import Options
from .replies.reply import Reply
from .request import Request
from .scheduler import Scheduler


class Kept(NamedTuple):
    """A reply that has become a turn: its model, the thread that it is a turn of, and its id."""

    model: str
    thread: str
    id: str


class Comparisons:
    """The comparisons of a chat. Their replies go out one after another, and are under way at once."""

    def __init__(
        self,
        composer: Composer,
        history: History,
        scheduler: Scheduler,
        *,
        dispatch: Dispatch,
        warn: Callable[[str], None],
    ) -> None:
        self._composer = composer
        self._history = history
        self._scheduler = scheduler
        self._dispatch = dispatch
        self._warn = warn
        self._newest: Mapping[str, Reply] = {}
        """The replies of the comparison that was asked last here: none of them may have come to anything."""

    def ask(
        self,
        prompt: str,
        models: Iterable[str],
        options: Options | None,
        along: Along,
        **more: Any,
    ) -> dict[str, Reply]:
        """The replies of the models, in their order (see `ChatComparisons.compare`)."""
        uploads = Uploads(self._warn)
        along = along._replace(uploads=uploads)
        with uploads.told_by_errors():
            requests = self.requests(prompt, models, options, along, preview=False, **more)
        # A replay takes them in the order in which they had ended, which is that of the journal.
        order = sorted(requests, key=lambda model: self._place_of(requests[model]))
        replies: dict[str, Reply] = {}
        try:
            for model in order:
                share = len(requests) - [*requests].index(model)
                replies[model] = self._begun(requests[model], model, share, uploads)
        except BaseException:  # an interrupt: nobody else has them
            for reply in replies.values():
                reply.interrupt()
            raise
        in_order = {model: replies[model] for model in requests}
        if any(reply.request.comparison for reply in replies.values()):
            self._newest = in_order
        return in_order

    def requests(
        self,
        prompt: str,
        models: Iterable[str],
        options: Options | None,
        along: Along,
        *,
        preview: bool,
        **more: Any,
    ) -> dict[str, Request | GLMError]:
        """What would be sent to each model, or why nothing can be. For a `preview`, no document is uploaded."""
        wanted = checked(models)
        asked = self._composer.placed(options, more)
        _check_alone(asked)
        # All read the same: what one of them cannot see is said to each in words.
        sees = all(self._composer.sees(replace(asked, model=model)) for model in wanted)

        def made(found: Prompt, name: str = "") -> dict[str, Request | GLMError]:
            return {model: self._made(found, replace(asked, model=model), along.anchor, name) for model in wanted}

        def check(found: Prompt) -> None:
            if not asked.once:
                self._scheduler.settle(asked.thread)
            _check_some(list(map(self._checked, made(found).values())))

        found = self._composer.resolved(prompt, asked, along, preview=preview, sees=sees, check=check)
        if not asked.once:
            self._scheduler.settle(asked.thread)
        requests = made(found, "" if asked.once else f"{self._history.journal.next_id()}~{uuid4().hex[:8]}")
        _check_some(list(requests.values()))
        return requests

    def _checked(self, request: Request | GLMError) -> Request | GLMError:
        """The request, or what stands against sending it."""
        try:
            if not isinstance(request, GLMError):
                self._dispatch.check(request)
        except GLMError as error:
            return error
        return request

    def _made(self, prompt: Prompt, options: Options, anchor: Anchor, name: str) -> Request | GLMError:
        try:
            return replace(self._composer.asking(prompt, options, anchor), comparison=name)
        except GLMError as error:
            return error

    def _place_of(self, request: Request | GLMError) -> int:
        return -1 if isinstance(request, GLMError) else self._dispatch.recorded_at(request)

    def _begun(self, request: Request | GLMError, model: str, share: int, uploads: Uploads) -> Reply:
        """The reply to a request, which raises what stands against it where it is read.

        It may take one part in so many (`share`) of what is left of a budget: the other models are asked too.
        """
        if isinstance(request, GLMError):
            say_what_was_sent(request, uploads.notices)
            return self._dispatch.refused(request, model)
        try:
            with self._scheduler.turn(None) as begun:
                return self._dispatch.send(replace(request, share=share), begun)
        except GLMError as error:
            say_what_was_sent(error, uploads.notices)
            return self._dispatch.refused(error, model, request)

    @property
    def models(self) -> list[str]:
        """Those whose reply can be kept."""
        return sorted(event.model for event in self._compared if event.model is not None)

    @property
    def _compared(self) -> list[TurnEvent]:
        """The replies of the newest comparison that can be kept."""
        asked_here = (reply.request.comparison for reply in self._newest.values())
        newest = next(filter(None, asked_here), "") or newest_comparison(self._history.state.compared)
        return [one for one in self._history.state.compared if one.comparison == newest and one.may_be_kept]

    def keep(self, model: str) -> Kept:
        """Make the reply of this model a turn (see `ChatComparisons.keep`)."""
        if not isinstance(model, str):
            raise InvalidRequest(
                "keep takes the name of a model, not {found}.", reason="comparison.keeps_name", found=class_name(model)
            )
        self._wait()
        wanted = model.strip().lower()
        found = [one for one in self._compared if one.model is not None and one.model.lower().startswith(wanted)]
        exact = [one for one in found if one.model is not None and one.model.lower() == wanted]
        kept = next(iter(exact or found), None)
        if kept is None or not wanted or len(exact or found) > 1:
            raise self._not_found(model, [one.model or "" for one in found])
        assert kept.thread is not None and kept.model is not None
        self._scheduler.settle(kept.thread)
        self._history.do("keep", thread=kept.thread, of=kept.id)
        return Kept(kept.model, kept.thread, kept.id)

    def _wait(self) -> None:
        """Read the replies of the newest comparison to their ends; what one has failed with was its reader's to see."""
        for reply in self._newest.values():
            with suppress(GLMError):
                reply.read()

    def _not_found(self, model: str, found: list[str]) -> InvalidRequest:
        if not self.models:
            return InvalidRequest(
                "There is no reply to keep: compare several models first.",
                hint="chat.compare(prompt, [model, other]) asks them.",
                reason="comparison.none",
            )
        if found and model.strip():
            return InvalidRequest(
                "{model} is the beginning of several names: {found}.",
                hint="Give more of it.",
                reason="comparison.ambiguous",
                model=model,
                found=comma(found),
            )
        return InvalidRequest(
            "{model} has no reply in the newest comparison.",
            hint="These have: {models}.",
            reason="comparison.not_in_it",
            near=nearest(model, self.models),
            model=model or "That",
            models=comma(self.models),
        )


def _check_some(requests: list[Request | GLMError]) -> None:
    """Raise the first error where there is nothing else."""
    refusals = [one for one in requests if isinstance(one, GLMError)]
    if len(refusals) == len(requests):
        raise refusals[0]


def checked(models: Iterable[str]) -> list[str]:
    """The models, two or more, each once. Raises InvalidRequest."""
    if isinstance(models, str) or not isinstance(models, Iterable):
        models = [models]
    named = list(models)
    for model in named:
        if not isinstance(model, str) or not is_word(model):
            raise InvalidRequest("{model!r} is not the name of a model.", reason="comparison.no_model", model=model)
    if len(set(named)) < len(named):
        raise InvalidRequest(
            "{twice} is named twice: {models}.",
            hint="A comparison asks each model once.",
            reason="comparison.twice",
            outcomes=[NOTHING_SENT],
            twice=next(name for place, name in enumerate(named) if name in named[:place]),
            models=comma(named),
        )
    if not 2 <= len(named) <= MOST_COMPARED:
        raise InvalidRequest(
            "A comparison takes 2 to {most} models, not {count}.",
            reason="comparison.count",
            outcomes=[NOTHING_SENT],
            most=MOST_COMPARED,
            count=len(named),
        )
    return named


def _check_alone(options: Options) -> None:
    if options.model is not None:
        raise InvalidRequest(
            "A comparison names its models, and model names another: {model}.",
            hint="Leave out model=….",
            reason="comparison.model",
            outcomes=[NOTHING_SENT],
            model=options.model,
        )
