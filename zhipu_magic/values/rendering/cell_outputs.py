"""What a cell printed and showed, as its reader saw it.

Streams that follow each other are one, with what a terminal shows of them in the end; what was displayed is read by
`bundles`; an error is its traceback. What does not fit is left out in the middle of each, so that all have a beginning
and an end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Final

from ...text.blobs import without_blobs
from ...text.characters import without_addresses
from ...text.languages.messages import N_, _, for_model
from ...text.languages.numbers import plural
from ...text.left_out import collecting_cuts, note_cut
from ...text.markdown import fenced
from ...text.secrets import collecting_secrets, of_other_than_secrets, secrets_in, taken_out_of, without_secrets
from ...text.terminal_text import as_shown
from ...text.tokens import INLINE, ends, fenced_ends, fenced_within, shares, weight
from ..images.from_value import Image
from ..outputs.output import ERROR, NOT_AT_HAND, STREAM, WORDS, Cell, CellOutput, Output
from .bundles import shown
from .registry import Illustrated, render, rendered

_FIRST_OUTPUTS: Final = 20
_LAST_OUTPUTS: Final = 80
"""Outputs at each end of a cell that has very many."""
_MOST_PICTURES: Final = 10
"""Pictures of a cell, the last ones: as many as a reader compares."""
_AROUND: Final = 4
_SOURCE_SHARE: Final = 0.5
"""The share of a cell's budget that its source takes at most, where it has outputs too."""
_NOTHING: Final = N_("(no output)")
_MAGIC: Final = re.compile(r"\s*%%!?(\w*)")
_LANGUAGES: Final = {"": "bash", "sh": "bash", "script": "bash", "js": "javascript", "glm": "markdown", "r": "r"}
_OTHERS: Final = frozenset({"bash", "html", "javascript", "latex", "markdown", "perl", "ruby", "sql", "svg"})


@render.register
def _cell_output(value: CellOutput, tokens: int) -> Illustrated | str:
    with _telling_of_secrets() as told:
        told += _pieces(value.outputs, tokens, _known(value))
    return _joined(told) if value.outputs else for_model(_NOTHING)


@render.register
def _cell(value: Cell, tokens: int) -> Illustrated:
    """The source as a block of code, and below it the outputs. Each may take what the other does not need."""
    known = _known(value.ran)
    with _telling_of_secrets() as told:
        source, _ = without_secrets(without_blobs(value.ran.source.strip("\n")), known)
        language = _language(source)
        whole = weight(fenced(source, language)) + _AROUND
        if not value.ran.outputs:
            told.append(fenced_within(source, language, min(whole, tokens)))
            return Illustrated(tuple(told))
        least = min(whole, tokens * _SOURCE_SHARE)
        pieces = _pieces(value.ran.outputs, round(tokens - least) - _AROUND, known)
        shown = weight("".join(f"{one}\n\n" for one in pieces if isinstance(one, str)))
        code = fenced_within(source, language, min(whole, max(least, tokens - shown - 2 * _AROUND)))
        told += (for_model("{code}\n\nOutput:\n\n", code=code), *_between(pieces))
    return Illustrated(tuple(told))


@contextmanager
def _telling_of_secrets() -> Iterator[list[str | Image]]:
    """Note how many secrets were taken out of what goes into the list meanwhile."""
    told: list[str | Image] = []
    with collecting_secrets() as values:
        yield told
    # Counted in what is sent: a form that nobody reads, and what was cut, have others.
    _note(taken_out_of((one for one in told if isinstance(one, str)), values))


@render.register
def _output(value: Output, tokens: int) -> Illustrated | str:
    with _telling_of_secrets() as told:
        told += _pieces([value], tokens)
    return _joined(told)


def _known(ran: CellOutput) -> tuple[str, ...]:
    """The secrets that the cell's source names, and those known of others."""
    return (*secrets_in(ran.source), *ran.known)


def _language(source: str) -> str:
    """The language of a cell's source, by the magic that runs it."""
    magic = _MAGIC.match(source)
    name = magic[1].lower() if magic else "python"
    return name if name in _OTHERS else _LANGUAGES.get(name, "python")


def _joined(pieces: Sequence[str | Image]) -> Illustrated | str:
    between = tuple(_between(pieces))
    return Illustrated(between) if any(isinstance(one, Image) for one in between) else "".join(map(str, between))


def _between(pieces: Sequence[str | Image]) -> Iterator[str | Image]:
    for number, piece in enumerate(pieces):
        if number:
            yield "\n\n"
        yield piece


def _pieces(outputs: Sequence[Output], tokens: int, known: Sequence[str] = ()) -> list[str | Image]:
    """Each output as text within its share of the budget, or as a picture."""
    joined = _without_middle(_streams_joined(outputs))
    readers = [one if isinstance(one, str) else _reader(_cleaned(one, known)) for one in joined]
    with collecting_cuts() as left_out:
        pieces = [one if isinstance(one, str) else one(tokens) for one in readers]
    wanted = [0.0 if isinstance(one, Image) else weight(one) + _AROUND for one in pieces]
    room = tokens - _AROUND
    if sum(wanted) > room:
        with collecting_cuts() as left_out:
            pieces = [
                piece if isinstance(one, str) or isinstance(piece, Image) else one(max(1, round(share)))
                for one, piece, share in zip(readers, pieces, shares(wanted, room), strict=True)
            ]
    for cut in left_out:
        _note(of_other_than_secrets(cut))
    # A value at hand has shown what it shows only now.
    pieces = [without_secrets(piece, known)[0] if isinstance(piece, str) else piece for piece in pieces]
    return [piece for piece in _last_pictures(pieces) if piece]


def _cleaned(output: Output, known: Sequence[str]) -> Output:
    """The output without secrets, before anything of it is cut."""
    text, _ = without_secrets(as_shown(output.text) if output.text else "", known)
    data = dict(output.data)
    for kind, form in data.items():
        if kind in WORDS and isinstance(form, str):
            data[kind], _ = without_secrets(form, known)
    return replace(output, text=text, data=data)


def _note(what: str) -> None:
    if what:
        note_cut(what)


_Reader = Callable[[int], "str | Image"]


def _reader(output: Output) -> _Reader:
    if output.kind == STREAM:
        return lambda tokens: _stream(output, tokens)
    if output.kind == ERROR:
        return lambda tokens: _error(output, tokens)
    return lambda tokens: shown(output, tokens)


def _streams_joined(outputs: Sequence[Output]) -> list[Output]:
    joined: list[Output] = []
    for is_stream, run in groupby(outputs, key=lambda one: (one.kind == STREAM) and one.name):
        together = list(run)
        if is_stream is False:
            joined += together
        else:
            joined.append(Output(STREAM, together[0].name, "".join(one.text for one in together)))
    return joined


def _without_middle(outputs: list[Output]) -> list[Output | str]:
    left_out = len(outputs) - _FIRST_OUTPUTS - _LAST_OUTPUTS
    if left_out <= 0:
        return [*outputs]
    note_cut(_("{count:,} outputs, {sent} sent", count=len(outputs), sent=_FIRST_OUTPUTS + _LAST_OUTPUTS))
    middle = for_model("[{what} left out]", what=plural(left_out, "output"))
    return [*outputs[:_FIRST_OUTPUTS], middle, *outputs[-_LAST_OUTPUTS:]]


def _last_pictures(pieces: list[str | Image]) -> list[str | Image]:
    """The pieces with at most so many pictures; the earlier ones are said."""
    pictures = [place for place, piece in enumerate(pieces) if isinstance(piece, Image)]
    earlier = pictures[:-_MOST_PICTURES]
    if earlier:
        note_cut(_("{count:,} pictures, the last {last} sent", count=len(pictures), last=_MOST_PICTURES))
    return [
        for_model("[picture {number} left out]", number=place) if place in earlier else piece
        for place, piece in enumerate(pieces)
    ]


def _stream(output: Output, tokens: int) -> str:
    text = without_addresses(without_blobs(output.text)).strip("\n").rstrip()
    if not text:
        return ""
    heading = for_model("Standard error:\n") if output.name == "stderr" else ""
    if "\n" not in text and len(text) <= INLINE:
        return f"{heading}{ends(text, tokens)}"
    return f"{heading}{fenced_ends(text, 'text', tokens - weight(heading))}"


def _error(output: Output, tokens: int) -> str:
    """The exception as it reads as a value, where it is at hand; else its traceback as it was shown."""
    if output.value is not NOT_AT_HAND:
        read = rendered(output.value, tokens)
        if read.left_out:
            note_cut(read.left_out)
        return read.text
    text = without_addresses(output.text).strip("\n")
    if text.startswith("```") or "\n" not in text:  # read already, when it was raised
        return ends(text, tokens)
    return fenced_ends(text, "text", tokens)
