"""A value that a prompt refers to, or a file that goes with it, and how it reads to a model.

a path, bytes ──▶ a document? ──▶ Documents.read ──▶ its text, marked as text from outside
                       │ no                    ▲
an address ────────────┼───────────────────────┘
any other value ───────┴─▶ rendering/ ──▶ its text, or images
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.characters import class_name, shortened
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.joined import distinct_notes
from ..text.left_out import collecting_cuts
from .forms import LARGEST_BUDGET, split

if TYPE_CHECKING:
    from .documents.pages import Pages
    from .documents.reading import OpenDocuments, Reading
    from .documents.source import Source
    from .images.from_value import Image
    from .rendering.registry import Rendered


class Given(NamedTuple):
    """A value, how it was `written`, which pages of it are wanted, and the tokens that it may take; None: as usual.

    It may be wanted as its `repr` (`as_repr`). If the path may have been meant as a variable, `near` is the name of the
    one that is most like it, or empty.
    """

    value: Any
    written: str
    pages: str = ""
    tokens: int | None = None
    as_repr: bool = False
    near: str | None = None

    def shown(self, documents: OpenDocuments | None) -> Rendered:
        """How it reads. `documents` reads documents; without it, they are read on this machine. Raises GLMError."""
        from .documents.pages import ALL, pages_of
        from .rendering.registry import check_class

        check_class(self.value)
        pages = pages_of(self.pages) if self.pages else ALL
        tokens = 1 if self.tokens is None else self.tokens
        reading = None if self.as_repr else self._read(documents, pages)
        if reading is None:
            return self._rendered(tokens)
        with collecting_cuts() as left_out:
            text = reading.told(tokens)
        left_out = [*filter(None, [reading.missing(pages)]), *left_out]
        from .rendering.registry import Rendered

        return Rendered(text, block=True, left_out=distinct_notes(left_out))

    @property
    def has_title(self) -> bool:
        """Whether what it reads as begins with its name."""
        return isinstance(self.value, (Path, _Address, bytes, bytearray))

    def passed(self, documents: OpenDocuments | None, *, beside_images: bool) -> Image | None:
        """What the model gets by its address, and reads itself; None for all else. Raises InvalidRequest."""
        if not isinstance(self.value, _Address) or documents is None:
            return None
        part = "" if self.pages else documents().passed(self.value, beside_images=beside_images)
        if not part:
            return None
        from .images.image import remote

        return remote(str(self.value), part)

    def _read(self, documents: OpenDocuments | None, pages: Pages) -> Reading | None:
        """What a document says; None for any other value."""
        try:
            source = self._document(pages)
        except FileNotFoundError:
            return documents().recorded(self.written, pages) if documents is not None else None
        if source is None:
            return None
        if documents is not None:
            return documents().read(source)
        from .documents import here

        return here.read(source)

    def _document(self, pages: Pages) -> Source | None:
        """The document that it is; None for any other value."""
        from .documents.source import source_at_address, source_of

        if isinstance(self.value, _Address):
            return source_at_address(self.value, pages)
        return source_of(self.value, self.written, pages)

    def _rendered(self, tokens: int) -> Rendered:
        if self.pages:
            raise InvalidRequest(
                "{name} has no pages: it is neither a PDF nor a workbook nor a presentation.",
                hint="A budget says how much of it is sent: | 6000.",
                reason="document.none",
                outcomes=[NOTHING_SENT],
                name=shortened(self.written, 100),
            )
        if self.near is not None and isinstance(self.value, Path) and not os.path.lexists(self.value):
            raise InvalidRequest(
                "There is neither a file nor a variable named {name}.",
                hint="Write the file's path relative to the working directory, or the full path.",
                reason="file.nor_variable",
                outcomes=[NOTHING_SENT],
                near=self.near,
                name=shortened(self.written, 100),
            )
        from .rendering.renderers import AsRepr, rendered

        return rendered(AsRepr(self.value) if self.as_repr else self.value, tokens, called=self.written)


def labelled(label: str, text: str, path: str | None) -> str:
    """A text below a prompt, under the label by which the prompt refers to it.

    What is read at a `path` that the prompt names begins with the file's name, and needs no other.
    """
    has_name = path is not None and text.startswith(Path(path).name)
    return text if has_name else f"`{label}`:\n\n{text}"


class _Address(str):
    """The address of something to be read."""


def given_file(value: Any) -> Given:
    """A file that goes with a prompt: a path, an address, or a value. In a text, pages and a budget may follow.

    `report.pdf | pages 2-5 | 6000`. Raises InvalidRequest.
    """
    if isinstance(value, Given):
        return value
    if isinstance(value, Path):
        return Given(value, str(value))
    if not isinstance(value, str):
        return Given(value, class_name(value))
    named = split_file(value)
    return named._replace(value=address(named.written) or Path(named.written))


def split_file(text: str) -> Given:
    """What a text names, without a value yet, and its pages and budget. Raises InvalidRequest."""
    written, tokens, as_repr, pages, _ = split(text)
    written = written.strip()
    if not written or (tokens or 0) > LARGEST_BUDGET:
        raise InvalidRequest(
            "“{text}” names no file.",
            hint="Write a path or an address, and after it perhaps | pages 2-5 and | 6000.",
            reason="file.none_named",
            outcomes=[NOTHING_SENT],
            text=shortened(text, 100),
        )
    return Given(value=None, written=written, pages=pages, tokens=tokens, as_repr=as_repr)


def address(text: str) -> str | None:
    """The address that a text is; None if it is none. Raises InvalidRequest for one that is not public."""
    if re.match("https?:", text, re.IGNORECASE) is None:
        return None
    from ..text.public_addresses import check_public

    check_public(text)
    return _Address(text)
