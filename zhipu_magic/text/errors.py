"""Every failure that a user can meet, each with one message.

    GLMError                what happened; what to do now; the service's own code and words last
    ├── InvalidRequest      the prompt or an option cannot be sent as it is
    ├── OverBudget          the turn could exceed the budget
    ├── NotRecorded         nothing may be sent, and the journal does not have the request
    ├── SettingsError       no key, an unsafe address, a proxy that cannot be used
    ├── JournalError        the journal cannot be read, or is not ours to write
    ├── ServiceError        the service answered, and refused
    ├── ConnectionFailed    no reply came: no connection, or it was lost before the first word
    ├── ReplyBroken         the reply broke off after it had begun; what had arrived is kept
    ├── InvalidAnswer       the answer is not of the type that was asked for
    └── Interrupted         the user stopped it; what had arrived is kept

Each is raised with a template and the facts that fill it. Its hint is for Python code:

    raise InvalidRequest(
        "There is already a thread named {name}.", hint="Pass another name.", reason="thread.exists", name=name
    )

A notebook looks up what to do in a cell by the `reason`, and fills it with the same facts (`notebook.hints`). There,
each error prints as its message alone, with no traceback, and still fails the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .characters import without_controls
from .languages.facts import portable, settled_for_all
from .languages.joined import Sentences, sentences
from .languages.language import Language, language_of_plain_text, reader
from .languages.messages import Message, _, in_language
from .languages.notice import Notice
from .wrapping import fitted

#: The outcome of a request that was refused before it was sent, of one that tools or a retry would have sent, and of
#: one that a replay does not know.
NOTHING_SENT = Notice("Nothing was sent.", reason="outcome.nothing_sent")
NOTHING_MORE_SENT = Notice("Nothing more was sent.", reason="outcome.nothing_more_sent")
REPLAY_ONLY = Notice("Nothing was sent, because replay is 'only'.", reason="outcome.replay_only")


class GLMError(Exception):
    """A failure that the user can understand and act on.

    `message` says what happened, `hint` what to do now in Python, and `detail` has the service's own code and words.
    As text, the error is in the language of its reader, and in that of the prompt while one is made or a tool runs for
    a model (in its thread: one that the tool starts knows of no prompt). `happened` says in English what happened, for
    a journal, and can be told in any language.
    `reason` names the kind of failure, however it is worded, and `facts` are the values in the sentences, as they were
    when it was raised: numbers, texts and tuples of them, and the text of anything else. `context` says where it
    happened and goes before the message, `outcomes` say what became of the turn, and `near` is the name that was
    perhaps meant. Whatever is `also` wrong is told in the same text.

    `retryable` says whether the same request may succeed a little later.
    """

    retryable = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        detail: str = "",
        reason: str = "",
        outcomes: Sequence[str] = (),
        near: str = "",
        **facts: object,
    ) -> None:
        """`message` and `hint` are templates that the facts fill; without facts, they are taken as written."""
        self.facts = facts = settled_for_all(facts, message, hint)
        self._happened = Message(message, **facts)
        super().__init__(str(self._happened))
        self.hint: str = Message(hint, **facts)
        self.detail = detail
        self.reason = reason
        self.near = near
        self.context: list[str] = []
        self.outcomes = list(outcomes)
        self.also: list[GLMError] = []

    @property
    def happened(self) -> Sentences:
        """What happened, and where, in English; it can be told in any language."""
        return sentences(*self.context, self._happened)

    @property
    def message(self) -> str:
        """What happened, and where, in the language that the error's text is in."""
        return self.happened.in_language(language_of_plain_text())

    def __str__(self) -> str:
        return self.in_language(language_of_plain_text())

    def in_language(self, language: Language) -> str:
        """All of the error's text in this language."""
        everything = (self, *self.also)
        happened = (
            sentences(one.happened, _("Did you mean {near}?", near=one.near) if one.near else "").in_language(language)
            for one in everything
        )
        outcomes, hints, details = (
            dict.fromkeys(str(in_language(one, language)) for one in said)
            for said in (
                [outcome for one in everything for outcome in one.outcomes],
                [one.hint for one in everything],
                [one.detail for one in everything],
            )
        )
        parts = (*happened, sentences(*outcomes, *hints).in_language(language), *details)
        # It may go to a terminal, with text from a service, a journal or a reply in it.
        return without_controls("\n".join(part for part in parts if part))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, {**self.__dict__, "facts": portable(self.facts)}

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a traceback."""
        return fitted(self.in_language(reader.language))


class InvalidRequest(GLMError, ValueError):
    """The prompt or an option cannot be sent as it is. Nothing was sent."""


class OverBudget(GLMError):
    """The turn could cost more than is left of the budget. Nothing was sent."""


class NotRecorded(GLMError):
    """Replay is `only`, and the journal does not have the request. Nothing was sent."""


class JournalError(GLMError):
    """A journal cannot be read, or is not ours to write. It is left unchanged."""


class SettingsError(GLMError):
    """The chat cannot reach a service with these settings. Nothing was sent."""


class ServiceError(GLMError):
    """The service answered, and refused.

    `status` is the HTTP status (200 where the error came inside a reply), `code` the service's business code,
    `request_id` the id that its support asks for, and `retry_after` the seconds that it asked to wait, if any. Where
    the request was too long, `context_tokens` is how long one may be, if it said so. `begun` says whether the reply had
    begun before it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 200,
        code: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
        retryable: bool = False,
        context_tokens: int | None = None,
        **parts: Any,
    ) -> None:
        super().__init__(message, **parts)
        self.context_tokens = context_tokens
        self.begun = False
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.retryable = retryable


class ConnectionFailed(GLMError):
    """No reply came: there was no connection, or it was lost before the first word.

    Where the request `may_have_arrived`, the service may bill it.
    """

    may_have_arrived = False

    def __init__(self, message: str, *, retryable: bool = True, **parts: Any) -> None:
        super().__init__(message, **parts)
        self.retryable = retryable


def asked_elsewhere() -> ConnectionFailed:
    """The error of a reply that was under way in the parent when this process was forked."""
    return ConnectionFailed(
        "This reply was requested before the fork and belongs to the parent process.",
        hint="Call chat.ask(…) in the process that needs the reply; it opens a connection of its own.",
        reason="reply.of_parent",
        retryable=False,
    )


def rows_asked_elsewhere() -> ConnectionFailed:
    """The error of a map that was under way in the parent when this process was forked."""
    return ConnectionFailed(
        "These rows were asked before the fork, and their answers go to the parent process.",
        hint="Read them there, or call chat.map(…) in this process: it asks only what is missing.",
        reason="rows.of_parent",
        retryable=False,
    )


class ReplyBroken(GLMError):
    """The reply broke off after it had begun. What had arrived is kept, marked as interrupted."""


class InvalidAnswer(GLMError, ValueError):
    """The answer is not of the requested type, even after one retry, which a batch does not have.

    `text` is the answer as it came. It leaves no turn.
    """

    def __init__(self, message: str, *, text: str = "", **parts: Any) -> None:
        super().__init__(message, **parts)
        self.text = text


class Interrupted(GLMError):
    """The user stopped the reply. What had arrived is kept, marked as interrupted."""
