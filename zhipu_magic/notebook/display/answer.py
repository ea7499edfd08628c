"""The answer of a reply as Markdown, joined to that of the reply that it continues, if it does."""

from __future__ import annotations

from ...chat.replies.progress import Progress
from ...text.languages.messages import _
from ...text.markdown import fenced

#: Longer than any that a model writes around its JSON.
_FENCE = "`" * 8
#: In the place of a reply that has failed, beside others that have not.
FAILED_BELOW = _("No reply: the error below says why.")
#: What a terminal says where words that it has shown were not the answer: they cannot be taken back.
WAS_REASONING = _("The text above was the model's reasoning. Its answer:")


def written(progress: Progress) -> str:
    """The answer as the model has written it; JSON that was asked for stands in a fence."""
    return fenced(progress.joined_text.strip(), "json") if progress.request.instruction else progress.joined_text


def growing(words: str, progress: Progress) -> str:
    """The answer of a round as far as it goes: text that begins the same stays the same when it grows."""
    return f"{_FENCE}json\n{words.lstrip()}" if words and progress.request.instruction else words


def value(progress: Progress) -> str:
    """The value of a typed answer; nothing if it has no type, or is not whole, or not of its type."""
    shape, instruction = progress.request.shape, progress.request.instruction
    if not instruction or progress.state != "complete" or progress.is_invalid:
        return ""
    if shape is not None:
        return shape.markdown(progress.value)
    from ...values.types.recorded import recorded_markdown

    return recorded_markdown(progress.joined_text, instruction)
