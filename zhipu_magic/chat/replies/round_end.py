"""Whether a round of a reply ended well, or broke off."""

from __future__ import annotations

from ...text.errors import ReplyBroken, ServiceError
from .progress import Progress


def check_ended_well(progress: Progress) -> None:
    """Raise ReplyBroken for a round that ended too early, and ServiceError for one that is empty."""
    if not progress.round_is_whole and progress.round_has_begun:
        raise ReplyBroken("The reply broke off: the connection ended before the reply did.", reason="reply.cut_off")
    if not progress.round_has_begun:
        raise ServiceError(
            "The reply contains no text.",
            hint="Try again; if it happens again, rephrase the prompt.",
            detail=f"(it ended with: {_reason(progress)})" if progress.finish_reason else "",
            reason="reply.empty",
            request_id=progress.request_id,
        )
    if progress.ended_badly:
        raise ReplyBroken(
            "The reply broke off: the service ended it with {finish_reason!r}.",
            hint="Try again; if it happens again, rephrase the prompt.",
            detail=f"({progress.last_words})" if progress.last_words else "",
            reason="reply.ended_badly",
            finish_reason=progress.finish_reason,
        )


def _reason(progress: Progress) -> str:
    """Why a reply ended, and what the service said about it."""
    return ": ".join(filter(None, [progress.finish_reason, progress.last_words]))
