"""Whether a round of a reply ended well, or broke off."""

from __future__ import annotations

from ...history.rounds import broke_off
from ...service.error_codes import ended_badly
from ...text.errors import ReplyBroken, ServiceError
from ...text.languages.messages import _
from .progress import Progress


def check_ended_well(progress: Progress) -> None:
    """Raise ReplyBroken for a round that ended too early, and ServiceError for one that is empty."""
    if not progress.round_is_whole and progress.round_has_begun:
        raise ReplyBroken("The reply broke off: the connection ended before the reply did.", reason="reply.cut_off")
    if not progress.round_has_begun:
        raise ServiceError(
            "The reply contains no text.",
            hint="Try again; if it happens again, rephrase the prompt.",
            detail=_("(it ended with: {reason})", reason=_reason(progress)) if progress.finish_reason else "",
            reason="reply.empty",
            request_id=progress.request_id,
        )
    if progress.ended_badly:
        raise ended_badly(str(progress.finish_reason), progress.last_words)


def check_is_answer(progress: Progress) -> None:
    """Raise the same, and also for a round whose words a person would keep with a note of what broke it off."""
    check_ended_well(progress)
    if broke_off(progress.finish_reason):
        raise ended_badly(str(progress.finish_reason), progress.last_words)


def _reason(progress: Progress) -> str:
    """Why a reply ended, and what the service said about it."""
    return ": ".join(filter(None, [progress.finish_reason, progress.last_words]))
