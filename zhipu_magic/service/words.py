"""The words of a reply: its reasoning and its answer, told apart and without keys, as they arrive.

Some servers leave the model's own marks in the content (docs/protocol.md, "Other servers of OpenAI's protocol"):
`<think>…</think>` before the answer, or its closing tag alone, and boxes around results.
"""

from __future__ import annotations

import re
from typing import Literal

from .api_key import Hide

_OPENS, _CLOSES = "<think>", "</think>"
_BOXES = ("<|begin_of_box|>", "<|end_of_box|>")
_BOX = re.compile("|".join(map(re.escape, _BOXES)))
_MARK = re.compile(f"{re.escape(_CLOSES)}|{_BOX.pattern}")
#: Marks in the answer that are looked at, and characters before one: whether it is in code takes a look at all of them.
_MOST_MARKS, _LONGEST_LOOKED_AT = 64, 1 << 20
#: Characters that are taken at once, and of space that are held back before the first word.
_LONGEST_PIECE, _LONGEST_SPACE = 1 << 12, 1 << 10


#: How marks are read: where a model puts them; as one begins, whose reasoning no tag opens; as one whose reasoning
#: always has a tag that opens it; or as words.
Marks = Literal["meant", "closing", "opened", "words"]


class Words:
    """Takes the words of one reply, piece by piece, with the model's `marks` in them.

    One thread adds to them, and others may look meanwhile.
    """

    def __init__(self, hide: Hide, marks: Marks = "meant") -> None:
        self.closed_unopened = False
        """Whether a tag has closed a reasoning that none had opened."""
        self.taken_back = 0
        """How many times text that had come as the answer turned out to be the reasoning."""
        self._received, self._first, self._last = 0, "", ""
        """Characters of content that have come, and its first and its last piece."""
        self._hide = hide
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._answer, self._reasoning = hide.growing(), hide.growing()
        self._place: Literal["beginning", "thinking"] | None = None if marks == "words" else "beginning"
        """Where in the content the next piece stands; None is in the answer."""
        self._held = ""
        """The end of the content so far, which may be part of a mark."""
        self._after_mark = False
        """Whether nothing but space has come since a mark, which is not meant."""
        self._has_marks = marks != "words"
        self._assumes = marks == "closing"
        self._may_close = marks != "opened"
        """Whether a closing tag may still end a reasoning that none has opened."""
        self._marks = 0

    # What comes

    def add(self, content: str) -> str:
        """Take the next piece of the content. Returns what it adds to the answer."""
        self._received += len(content)
        self._first, self._last = self._first or content, content
        if self._place is not None or self._held or ("<" in content and self._has_marks):
            if len(content) <= _LONGEST_PIECE:
                return self._show(self._parted(content))
            return self._add_long(content)
        shown = self._answer.add(content)  # as in `_show`, for nearly every chunk
        if shown:
            self._texts.append(shown)
        return shown

    def _add_long(self, content: str) -> str:
        """Take a long piece, part by part: each mark takes a look at all that is there."""
        answer, taken_back = "", self.taken_back
        for start in range(0, len(content), _LONGEST_PIECE):
            shown = self._show(self._parted(content[start : start + _LONGEST_PIECE]))
            answer = answer + shown if self.taken_back == taken_back else shown
            taken_back = self.taken_back
        return answer

    def lacking(self, content: str) -> str:
        """What of the whole content has not come; nothing where the server has put it in another way meanwhile."""
        begins, end = content.startswith(self._first), self._received
        return content[end:] if begins and content[:end].endswith(self._last) and len(content) > end else ""

    def think(self, piece: str) -> None:
        """Take the next piece of reasoning that the server has told apart by itself."""
        self._assumes = self._may_close = False
        self._add_thoughts(piece)

    def end(self, *, cut: bool = False) -> str:
        """End the words, or break them off where they were `cut`. Returns what was held back of the answer."""
        if self._place == "thinking" and self._assumes and not cut:  # nothing has ended the reasoning, so it was none
            content = self.thoughts + self._reasoning.rest() + self._held
            self._thoughts, self._held, self._place = [], content, None
        shown = self._show(self._parted("", at_end=True))
        rest = self._answer.rest()
        self._texts = [self._hide(self.text + rest)]
        self._thoughts = [self._hide(self.thoughts + self._reasoning.rest())]
        return shown + rest

    # What there is

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._texts)  # not put back: another thread may be adding a piece

    @property
    def thoughts(self) -> str:
        """The reasoning so far."""
        return "".join(self._thoughts)

    @property
    def has_text(self) -> bool:
        return any(self._texts)

    @property
    def has_thoughts(self) -> bool:
        return any(self._thoughts)

    # How they are told apart

    def _show(self, text: str) -> str:
        shown = self._answer.add(text) if text else ""
        if shown:
            self._texts.append(shown)
        return shown

    def _add_thoughts(self, text: str) -> None:
        shown = self._reasoning.add(text) if text else ""
        if shown:
            self._thoughts.append(shown)

    def _parted(self, content: str, *, at_end: bool = False) -> str:
        """What belongs to the answer of what was held back and this piece; `at_end`, nothing is held back."""
        content, self._held = self._held + content, ""
        answer = ""
        while content:
            if self._place == "beginning":
                content = self._begun(content, at_end)
            elif self._place == "thinking":
                content = self._thought(content, at_end)
            else:
                more, content = self._answered(answer, content, at_end)
                answer = "" if more is None else answer + more
        return answer

    def _begun(self, content: str, at_end: bool) -> str:
        """Take what stands before the first word. Returns the rest of the content."""
        words = content.lstrip()
        if len(content) - len(words) >= _LONGEST_SPACE and not self._after_mark:
            self._place = "thinking" if self._assumes and not at_end else None
            return content
        if words.startswith(_OPENS):
            self._place, self._after_mark = "thinking", True
            self._assumes = self._may_close = False
            return words[len(_OPENS) :]
        if words.startswith(_CLOSES) and (self._may_close or self._after_mark or self.has_thoughts):
            self.closed_unopened, self._after_mark, self._may_close = True, True, False
            return words[len(_CLOSES) :]
        content = words if self._after_mark else content
        if not at_end and (_OPENS.startswith(words) or _CLOSES.startswith(words)):
            self._held = content
            return ""
        self._place = "thinking" if self._assumes and not at_end else None
        return content

    def _thought(self, content: str, at_end: bool) -> str:
        """Take what belongs to the reasoning. Returns the rest of the content."""
        if self._after_mark:
            content = content.lstrip("\r\n")
            self._after_mark = not content
        thoughts, closes, rest = content.partition(_CLOSES)
        if not closes and not at_end:
            whole = len(content) - _begun_mark(content)
            thoughts, self._held = content[:whole], content[whole:]
        self._add_thoughts(thoughts)
        if closes:
            self.closed_unopened = self._assumes
            self._place, self._after_mark = "beginning", True
            self._assumes = self._may_close = False
        return rest

    def _answered(self, answer: str, content: str, at_end: bool) -> tuple[str | None, str]:
        """What the content adds to the answer, after the part `answer` of the same piece, and what is left of it.

        The first is None where the answer so far was the reasoning.
        """
        if self._marks >= _MOST_MARKS:
            self._has_marks = False
            return content, ""
        mark = (_MARK if self._may_close else _BOX).search(content)
        if mark is None:
            whole = len(content) if at_end else len(content) - _begun_mark(content)
            self._held = content[whole:]
            return content[:whole], ""
        before, after = content[: mark.start()], content[mark.end() :]
        if mark[0] == _CLOSES and self._may_close and not after and not at_end:
            self._held = mark[0]  # what follows it says what it is
            return before, ""
        if not self._is_meant(mark[0], answer + before, after):
            return content[: mark.end()], after
        if mark[0] != _CLOSES:
            return before, after
        self._add_thoughts(self.text + self._answer.rest() + answer + before)
        self._texts = []
        self._place, self._after_mark, self._may_close = "beginning", True, False
        self.closed_unopened = True
        self.taken_back += 1
        return None, after

    def _is_meant(self, mark: str, before: str, after: str) -> bool:
        """Whether the model means this mark, and does not write about it."""
        self._marks += 1
        before = self.text + self._answer.pending + before
        if len(before) > _LONGEST_LOOKED_AT or _ends_in_code(before):
            return False
        if mark != _CLOSES:
            return True
        if before.count(_OPENS) > before.count(_CLOSES):
            return False
        if not after:  # a call of a tool may follow, for which the model ends its reasoning on a line of its own
            return before.endswith("\n")
        in_a_sentence = before[-1:] in _BLANKS and after[:1] in _BLANKS
        quoted = before[-1:] in _QUOTES and after[:1] in _CLOSING_QUOTES
        return not (in_a_sentence or quoted or after[:1] in _PUNCTUATION)


_BLANKS = (" ", "\t", "\u3000")
_QUOTES, _CLOSING_QUOTES = tuple("\"'([“‘「『（《"), tuple("\"')]”’」』）》")
_PUNCTUATION = tuple(",.;:!?)、。，；：！？）”’」』")


def _begun_mark(text: str) -> int:
    """How many characters at the end of the text may begin a mark."""
    start = text.rfind("<")
    end = text[start:] if start >= 0 else ""
    return len(end) if end and any(mark.startswith(end) for mark in (_CLOSES, *_BOXES)) else 0


_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$", re.MULTILINE)
_RUN = re.compile("`+")


def _ends_in_code(text: str) -> bool:
    """Whether the text ends inside of a code block or of a code span (CommonMark, sections 4.5 and 6.1)."""
    fence = ""
    for line in _FENCE.finditer(text):
        if not fence:
            fence = line[1]
        elif line[1].startswith(fence) and not line[2].strip():
            fence = ""
    paragraph = text[text.rfind("\n\n") + 1 :]
    return bool(fence) or _ends_in_span(paragraph)


def _ends_in_span(text: str) -> bool:
    """Whether a run of backticks has none of the same length after it that closes it."""
    runs = [len(run) for run in _RUN.findall(text)]
    last, place = {length: place for place, length in enumerate(runs)}, 0
    while place < len(runs):
        if last[runs[place]] == place:
            return True
        place = runs.index(runs[place], place + 1) + 1
    return False
