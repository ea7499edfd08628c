"""Every failure that a reader can meet, told in one message.

    GLMError                what happened; what to do now; the service's own code and words last
    ├── InvalidRequest      the prompt or an option cannot be sent as it is
    ├── OverBudget          the turn could pass the budget
    ├── NotRecorded         nothing may go out, and the journal does not know the request
    ├── SettingsError       no key, an unsafe address, a proxy that cannot be used
    ├── JournalError        the journal cannot be read, or is not ours to write
    ├── ServiceError        the service answered, and refused
    ├── ConnectionFailed    no reply came: no connection, or it was lost before the first word
    ├── ReplyBroken         the reply broke off after it had begun; what had arrived is kept
    ├── InvalidAnswer       the answer is not of the type that was asked for
    └── Interrupted         the reader stopped it; what had arrived is kept

In a notebook each of them prints as its message alone, with no traceback, and still fails the cell.
"""

from __future__ import annotations

from .characters import without_controls


class GLMError(Exception):
    """Something that a reader can understand and act upon.

    `message` says what happened, `hint` what to do now, and `detail` keeps the service's own code and words.
    `retryable` says whether the same request may well succeed a little later.
    """

    retryable = False

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        # What a service, a journal or a reply put into it goes to a terminal from here.
        return without_controls("\n".join(part for part in (self.message, self.hint, self.detail) if part))

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback."""
        return str(self).splitlines()


class InvalidRequest(GLMError, ValueError):
    """The prompt or an option cannot be sent as it is. Nothing was sent."""


class OverBudget(GLMError):
    """The turn could cost more than the budget leaves. Nothing was sent."""


class NotRecorded(GLMError):
    """Replay is `only`, and the journal does not know the request. Nothing was sent."""


class JournalError(GLMError):
    """A journal cannot be read, or is not ours to write. It is left as it is."""


class SettingsError(GLMError):
    """The chat cannot reach a service with these settings. Nothing was sent."""


class ServiceError(GLMError):
    """The service answered, and refused.

    `status` is the HTTP status (200 where the error came inside a reply), `code` the service's business code,
    `request_id` what its support asks for, and `retry_after` the seconds that it asked to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        detail: str = "",
        status: int = 200,
        code: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.retryable = retryable


class ConnectionFailed(GLMError):
    """No reply came: there was no connection, or it was lost before the first word."""

    def __init__(self, message: str, *, hint: str = "", detail: str = "", retryable: bool = True) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.retryable = retryable


def asked_elsewhere() -> ConnectionFailed:
    """The error of a reply that was under way when this process was forked from the one that reads it."""
    return ConnectionFailed(
        "This reply was asked for before the fork, and belongs to the parent process.",
        hint="Ask in the process that wants the reply: chat.ask(…) there makes a connection of its own.",
        retryable=False,
    )


class ReplyBroken(GLMError):
    """The reply broke off after it had begun. What had arrived is kept, marked as interrupted."""


class InvalidAnswer(GLMError, ValueError):
    """The answer is not of the type that was asked for, also after it was asked to be mended.

    `text` is the answer as it came. It leaves no turn.
    """

    def __init__(self, message: str, *, hint: str = "", detail: str = "", text: str = "") -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.text = text


class Interrupted(GLMError):
    """The reader stopped the reply. What had arrived is kept, marked as interrupted."""
