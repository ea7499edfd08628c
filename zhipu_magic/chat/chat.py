"""The chat: it asks through `compose` and `dispatch`, and its history can be looked at at any time.

It knows nothing of notebooks or widgets, which stand above it, nor of HTTP, which is the business of `service/`.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..history.history import History
from ..history.journal.checks import named
from ..history.journal.journal import Journal
from ..history.turn import Anchor
from ..service.api_key import ApiKey
from ..service.connection import Service
from ..service.profile import USUAL_TIMEOUT
from ..text.argument_types import check_types
from ..text.characters import class_name
from ..text.errors import InvalidRequest
from .chat_comparisons import ChatComparisons
from .chat_drawings import ChatDrawings
from .chat_embeddings import ChatEmbeddings
from .chat_maps import ChatMaps
from .chat_record import ChatRecord
from .chat_settings import ChatSettings, model_of
from .compose import Along, Composer
from .dispatch import Dispatch
from .documents.uploads import Uploads
from .environment import ReplayMode, default_model, default_replay
from .option_check import check_options
from .options import Options
from .replies.reply import Reply
from .replies.tool_loop import ToolLimits
from .request import Request
from .scheduler import Scheduler
from .toolbox import Toolbox

if TYPE_CHECKING:
    from ..values.documents.reading import Documents
    from ..values.documents.source import Source
    from ..values.outputs.above import Above
    from ..values.references import Prompt
    from ..values.tools.consent import Ask
    from .comparisons import Comparisons
    from .documents.readings import Readings
    from .rows.maps import Maps

#: An API key of the service, which is easily passed as the first argument by mistake.
_LIKE_A_KEY = re.compile(r"[0-9a-f]{32}\.\w{16}")


#: Seconds that the rows of a map have to land when their chat is closed: they are paid.
_LANDING = 3.0


class Chat(ChatMaps, ChatComparisons, ChatDrawings, ChatRecord, ChatSettings, ChatEmbeddings):
    """A conversation with a model.

    >>> chat = Chat(model="glm-4.7-flash")
    >>> for text in chat.ask("你好"):
    ...     print(text, end="")

    `model` defaults to the environment's ZHIPU_MAGIC_MODEL, then to a free one. `api_key` defaults to
    ZHIPUAI_API_KEY, then to a key that was saved; `base_url` to ZHIPUAI_BASE_URL, then to the mainland service; it
    may be "coding" for the coding plan, "z.ai" for the international service, or "z.ai/coding". `plain_http` are hosts
    on your own network that may be sent the key without TLS, which others there can read.
    `timeout` is in seconds without a byte of a stream; a reply that is not streamed, or that may think before its first
    word, gets at least 300. `max_retries` counts the tries after the first. `tools` are Python
    functions that the model may call in every turn; `confirm` is called as `confirm(name, call)` before each call of
    one that was made with `zhipu_magic.confirm`: it shows the user the call, and returns True to run it.

    `limit` is how many requests are under way at once; further ones wait.

    `journal` is the file that all turns are appended to, if any. `replay` answers known requests from it: "off",
    "auto", or "only", where nothing goes out; it defaults to ZHIPU_MAGIC_REPLAY, then to "off". `warn` is called with
    what the user should know though it is not an error, in whatever thread finds out; it must not use the chat. It
    defaults to `warnings.warn`.
    """

    def __init__(  # noqa: PLR0913  # its settings, by name
        self,
        model: str | None = None,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        plain_http: str | Iterable[str] = (),
        system: str = "",
        temperature: float | None = None,
        stream: bool = True,
        timeout: float = USUAL_TIMEOUT,
        max_retries: int = 3,
        tools: Iterable[Callable[..., Any]] = (),
        confirm: Ask | None = None,
        journal: str | os.PathLike[str] | None = None,
        replay: ReplayMode | None = None,
        limit: int = 8,
        warn: Callable[[str], None] = warnings.warn,
    ) -> None:
        no_text = "" if api_key is None or isinstance(api_key, str) else class_name(api_key)
        # Before all else: a traceback shows what this name stands for.
        api_key = ApiKey(api_key) if api_key and not no_text else None
        if no_text:
            raise InvalidRequest("api_key must be text, not {found}.", reason="key.not_text", found=no_text)
        check_types(
            {
                **{"model": model, "system": system, "temperature": temperature, "stream": stream, "tools": tools},
                **{"base_url": base_url, "plain_http": plain_http, "timeout": timeout, "max_retries": max_retries},
                "journal": journal,
            }
        )
        if model and _LIKE_A_KEY.fullmatch(model):
            raise InvalidRequest(
                "The model's name looks like an API key.", hint="Pass the key as api_key=….", reason="model.a_key"
            )
        self.service = Service(
            base_url, api_key, timeout=timeout, max_retries=max_retries, plain_http=plain_http, warn=warn
        )
        self._warn = warn
        settings = {"model": model or default_model(), "system": system or None, "temperature": temperature}
        scheduler = Scheduler(limit)
        history = History(
            Journal(Path(journal) if journal else None, hide=self.service.hide, warn=warn),
            {name: value for name, value in settings.items() if value is not None},
            scheduler.settle,
        )
        toolbox = Toolbox(tools, warn, confirm)
        super().__init__(history, toolbox, stream=stream)
        self._scheduler = scheduler
        self._readings: Readings | None = None
        self._dispatch = Dispatch(self.service, history, scheduler, tool_limits=self._tool_limits, warn=warn)
        self._composer = Composer(self, toolbox, self.service, documents=self._documents_of, warn=warn)
        self.replay = default_replay() if replay is None else replay

    # Asking

    def ask(
        self,
        prompt: str,
        options: Options | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        images: Any = (),
        files: Any = (),
        anchor: Anchor | None = None,
        above: Above | None = None,
        **more: Any,
    ) -> Reply:
        """Send `prompt` as the next turn. Returns the `Reply`, to iterate over, to read or to await.

        With `names`, a `{{ name }}` in the prompt stands for that value (see `references`); `images` go with it, one or
        several: figures, arrays, bytes, paths, addresses. `files` stand below the prompt: paths or addresses, in a text
        perhaps with pages and a budget, as in `files=["report.pdf | pages 2-5 | 6000"]`; `documents` says who reads
        them. `more` are options by name, as in `ask("…",
        temperature=0.2, once=True)`; see `Options`. `anchor` is the cell that asks: asked again by another run of it,
        the turn replaces the earlier one in place. `above` are cells of its page, which go before the prompt.

        Many may ask at once, from any thread: asks with `once`, and those in different threads of the conversation, do
        not wait for each other. A turn waits for the end of the one before it in its thread, and raises the error that
        ended that, unless it has been raised already. The request goes out at once, or as soon as fewer than `limit`
        are under way; the turn is committed when all of its reply has come.
        Raises InvalidRequest, OverBudget, NotRecorded or SettingsError where nothing can be sent; reading the reply
        raises `GLMError`.
        """
        asked, uploads = self._composer.placed(options, more), Uploads(self._warn)
        along = Along(names=names, images=images, files=files, anchor=anchor or Anchor(), above=above, uploads=uploads)

        def check(prompt: Prompt) -> None:
            if not asked.once:
                self._scheduler.settle(asked.thread)
            self._dispatch.check(self._composer.asking(prompt, asked, along.anchor))

        with uploads.told_by_errors():
            found = self._composer.resolved(prompt, asked, along, check=check)
            with self._scheduler.turn(None if asked.once else asked.thread) as begun:
                return self._dispatch.send(self._composer.asking(found, asked, along.anchor), begun)

    def request(
        self,
        prompt: str,
        options: Options | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        images: Any = (),
        files: Any = (),
        anchor: Anchor | None = None,
        above: Above | None = None,
        **more: Any,
    ) -> Request:
        """The request that `ask` would send. Nothing is sent, no document either: one that the service would have to
        read is named in the place of its text.
        """
        asked = self._composer.placed(options, more)
        along = Along(names=names, images=images, files=files, anchor=anchor or Anchor(), above=above)
        found = self._composer.resolved(prompt, asked, along, preview=True)
        if not asked.once:
            self._scheduler.settle(asked.thread)
        request = self._composer.asking(found, asked, anchor or Anchor())
        if self.replay == "off":
            check_options(request, self.service.profile, self._warn)
        return request

    def ask_again(self, anchor: Anchor | None = None) -> Reply:
        """Ask the last turn's prompt again; the new reply takes its place. Raises InvalidRequest without a turn.

        `anchor` is the cell that asks now; the turn stays with the cell that asked first.
        """
        thread = self.thread().name
        with self._scheduler.turn(thread) as begun:
            return self._dispatch.send(self._composer.again(thread, anchor or Anchor()), begun)

    def go_on(self, anchor: Anchor | None = None) -> Reply:
        """Have the model go on from a reply that was cut short, and join the two into one turn.

        `anchor` is the cell that asks. Raises InvalidRequest where the last reply came to its end.
        """
        thread = self.thread().name
        with self._scheduler.turn(thread) as begun:
            return self._dispatch.send(self._composer.going_on(thread, anchor or Anchor()), begun)

    def interrupt(self, anchor: Anchor | None = None) -> list[Reply]:
        """Stop what is under way, or what this execution of a cell has asked for: replies, and maps over tables.

        Returns the replies. What has arrived is kept. `Reply.interrupt` stops one.
        """
        for one in self._scheduler.maps_under_way:
            if anchor is None or one.anchor == anchor:
                one.stop()
        replies = self._scheduler.under_way
        stopped = [reply for reply in replies if anchor is None or reply.request.anchor == anchor]
        for reply in stopped:
            reply.interrupt()
        return stopped

    def asked_by(self, anchor: Anchor) -> Reply | None:
        """The latest reply, if this execution of a cell has asked for it: also where `ask` itself was interrupted."""
        return self._scheduler.asked_by(anchor)

    @property
    def limit(self) -> int:
        """How many requests are under way at once."""
        return self._scheduler.limit

    @limit.setter
    def limit(self, count: int) -> None:
        self._scheduler.limit = count

    def _new_maps(self) -> Maps:
        from .rows.maps import Maps

        return Maps(
            self._composer,
            self.service,
            self.history,
            self._scheduler,
            dispatch=self._dispatch,
            tool_limits=self._tool_limits,
            value_tokens=lambda: self.value_tokens,
            warn=self._warn,
        )

    def _documents_of(self, along: Along, options: Options, preview: bool, awaited: list[Source] | None) -> Documents:
        """What reads the documents of a cell; made when the first may be needed."""
        from ..history.attached import parts_of
        from .documents.documents import CellDocuments
        from .documents.readings import Readings

        if self._readings is None:
            self._readings = Readings(
                self.service,
                self.history,
                self._scheduler,
                look_up=self._dispatch.recorded_reading,
                mode=lambda: self.replay,
                warn=self._warn,
            )
        thread = self.history.thread(options.thread)
        before = () if options.once else thread.turns
        return CellDocuments(
            self._readings,
            along.anchor,
            reads=self.documents,
            fresh=options.fresh,
            preview=preview,
            known=None if along.several else self.service.model(options.model or model_of(thread)),
            after_images=any(part != "file_url" for turn in before for part in parts_of(turn)),
            tell=along.uploads.tell if along.uploads is not None else None,
            awaited=awaited,
        )

    def _new_comparisons(self) -> Comparisons:
        from .comparisons import Comparisons

        return Comparisons(self._composer, self.history, self._scheduler, dispatch=self._dispatch, warn=self._warn)

    def _tool_limits(self) -> ToolLimits:
        return ToolLimits(rounds=self.tool_rounds, calls=self.tool_calls, tokens=self.value_tokens)

    # As a file

    @classmethod
    def load(cls, path: str | os.PathLike[str], **settings: Any) -> Chat:
        """A chat that goes on from a journal, and leaves the file as it is. `settings` are those of `Chat`.

        Raises JournalError.
        """
        chat = cls(**settings)
        for note in chat.history.go_on_from(named(path), here=False):
            chat._warn(note)
        return chat

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all that has happened as a journal, which `load` and `history.resume` read. Raises JournalError."""
        self.history.save(path)

    def close(self) -> None:
        """Close the connections, and write what the journal lacks. The chat can still be used; it connects again.

        A reply that waits for a tool, where nobody reads it, ends as interrupted; a map over a table is stopped, and
        its rows in flight have a few seconds to land; whoever reads it is told so by an error.
        """
        self._scheduler.end_maps(_LANDING)
        for reply in self._scheduler.under_way:
            if reply.is_abandoned:
                reply.interrupt()
        self.history.records.close()
        self.service.close()

    def __repr__(self) -> str:
        return f"<Chat with {self.model}, {self.state.conversation.here.size} turns>"
