"""A path: the text of the file, what the document in it says, the picture in it, or the names in the folder."""

from __future__ import annotations

import os
import stat
from codecs import getincrementaldecoder
from pathlib import Path
from typing import Final

from ...text import regular_files
from ...text.errors import InvalidRequest
from ...text.languages.messages import _, for_model
from ...text.languages.numbers import plural
from ...text.languages.system_words import why
from ...text.tokens import fenced_within, listed, weight
from ..budget import check_room
from ..documents.kinds import LONGEST_HEAD, may_be_document
from ..documents.source import check_content, source_of
from ..images.from_value import Image, image_of
from ..outputs.notebook_file import cells_of
from .notebook_file import notebook_text
from .pictures import begins_as_picture
from .registry import Illustrated, render

_BYTES_A_TOKEN: Final = 6
"""More than a token has in any script, by our estimate."""
_AROUND_NAMES: Final = 4
_AROUND_TEXT: Final = 10
_LARGEST_NOTEBOOK: Final = 100_000_000
"""Bytes; of a larger one, the beginning of the file is sent."""
#: How files that hold values are loaded, by their endings.
_LOADED_BY: Final = {
    **dict.fromkeys((".pkl", ".pickle"), 'pd.read_pickle("{file}")'),
    ".parquet": 'pd.read_parquet("{file}")',
    ".feather": 'pd.read_feather("{file}")',
    **dict.fromkeys((".h5", ".hdf5"), 'pd.read_hdf("{file}")'),
    **dict.fromkeys((".npy", ".npz"), 'np.load("{file}")'),
    ".joblib": 'joblib.load("{file}")',
    **dict.fromkeys((".zip", ".whl", ".jar"), 'zipfile.ZipFile("{file}").namelist()'),
    **dict.fromkeys((".tar", ".tgz"), 'tarfile.open("{file}").getnames()'),
    ".gz": 'gzip.open("{file}", "rt").read()',
}

_LANGUAGES: Final = {
    ".bat": "bat", ".c": "c", ".cc": "cpp", ".cfg": "ini", ".cpp": "cpp", ".cs": "csharp", ".css": "css", ".csv": "csv",
    ".diff": "diff", ".go": "go", ".h": "c", ".hpp": "cpp", ".htm": "html", ".html": "html", ".ini": "ini",
    ".java": "java", ".jl": "julia", ".js": "javascript", ".json": "json", ".jsonl": "json",
    ".jsx": "jsx", ".kt": "kotlin", ".lua": "lua", ".m": "matlab", ".md": "markdown", ".patch": "diff", ".php": "php",
    ".pl": "perl", ".ps1": "powershell", ".py": "python", ".pyi": "python", ".r": "r", ".rb": "ruby", ".rs": "rust",
    ".rst": "rst", ".scala": "scala", ".sh": "bash", ".sql": "sql", ".svg": "xml", ".swift": "swift", ".tex": "latex",
    ".toml": "toml", ".ts": "typescript", ".tsv": "tsv", ".tsx": "tsx", ".xml": "xml", ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip


@render.register
def _path(value: Path, tokens: int) -> str | Image | Illustrated:
    """The beginning of a text file in a fence, below its name, a document that is read here, a picture, or a notebook.

    Raises InvalidRequest for other files.
    """
    try:
        path = value.expanduser()
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return _folder(path, tokens)
        if not stat.S_ISREG(status.st_mode):
            raise InvalidRequest(
                "{file} is not a text file.",
                hint="Read what you need from it in Python.",
                reason="file.special",
                file=str(value),
            )
        with regular_files.handed_over(path) as file:
            is_notebook = path.suffix.lower() == ".ipynb" and status.st_size <= _LARGEST_NOTEBOOK
            most = _LARGEST_NOTEBOOK if is_notebook else max(LONGEST_HEAD, tokens * _BYTES_A_TOKEN)
            first = regular_files.some(file, most)
    except FileNotFoundError:
        raise InvalidRequest(
            "There is no file {file}.",
            hint="Write the path relative to the working directory, or the full path.",
            reason="file.missing",
            file=str(value),
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = why(error)
        raise InvalidRequest(
            "The file {file} cannot be read.", reason="file.unreadable", detail=reason, file=str(value)
        ) from None
    if begins_as_picture(first):
        return image_of(value)
    if may_be_document(first[:LONGEST_HEAD], path.name) and (source := source_of(value, value.name)) is not None:
        from ..documents import here

        return here.read(source).told(tokens)
    if is_notebook and (found := cells_of(first)) is not None:
        return notebook_text(path.name, *found, tokens)
    check_content(path, first)
    text = _decoded(value, first, is_all=len(first) >= status.st_size)
    whole = weight(text) * max(1.0, status.st_size / max(1, len(first)))
    heading = f"{path.name}:\n"
    language = _LANGUAGES.get(path.suffix.lower(), "")
    check_room(path.name, tokens, around=weight(heading) + _AROUND_TEXT, whole=whole)
    room = tokens - weight(heading)
    return heading + fenced_within(text, language, room, whole if len(first) < status.st_size else None)


def _decoded(path: Path, data: bytes, *, is_all: bool) -> str:
    """The text of a file or of its beginning, which may end within a character."""
    try:
        text = getincrementaldecoder("utf-8-sig")().decode(data, final=is_all)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text and (loaded := _LOADED_BY.get(path.suffix.lower())):
        raise InvalidRequest(
            "{file} holds a value, and no text: load it first.",
            hint="Run value = {source}, and refer to {{{{ value }}}}.",
            reason="file.to_load",
            file=str(path),
            source=loaded.format(file=path.name),
        )
    if "\0" in text:
        raise InvalidRequest(
            "{file} is not text in UTF-8.",
            hint="Pass a picture of another kind as images=[…]; for text in another encoding, refer to the result of "
            'its read_text(encoding="gb18030"), or the like.',
            reason="file.not_text",
            file=str(path),
        )
    return text


def _folder(path: Path, tokens: int) -> str:
    """The names in a folder, sorted."""
    with os.scandir(path) as entries:
        names = sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in entries)
    heading = for_model(
        "{folder} holds {names}:\n", folder=path.name or _("The folder"), names=plural(len(names), "name")
    )
    room = tokens - weight(heading)
    return heading + fenced_within(listed(names, "\n", room - _AROUND_NAMES), "text", room)
