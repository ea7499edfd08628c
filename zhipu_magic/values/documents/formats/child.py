"""The program that reads a document in a process of its own, whose time and memory are bounded.

It is run as a file, takes one line of JSON and then the document on stdin, and answers with one line of JSON. A file
may be made so that a library never comes to an end, or takes all memory: then this process ends, and no kernel.
"""

from __future__ import annotations

import json
import sys
from typing import Any

_READERS = {"pdf": "pdf", "docx": "word", "xlsx": "excel", "pptx": "powerpoint", "html": "html"}


def main() -> None:
    """Read what stdin holds, and write what was found."""
    source, answer = sys.stdin.buffer, sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    asked = json.loads(source.readline())
    sys.path[:] = asked["path"]
    for module in ("numpy", "pandas"):
        sys.modules[module] = None  # type: ignore[assignment]  # libraries do without, and begin sooner
    _bound(asked["seconds"], asked["bytes"])
    json.dump(_read(asked, source.read()), answer)
    answer.flush()


def _read(asked: Any, data: bytes) -> dict[str, Any]:
    from importlib import import_module

    from zhipu_magic.values.documents.formats.found import Found, Unreadable
    from zhipu_magic.values.documents.pages import Pages

    pages = Pages(tuple(part if isinstance(part, str) else tuple(part) for part in asked["pages"]))
    reader = import_module(f"zhipu_magic.values.documents.formats.{_READERS[asked['kind']]}")
    try:
        found: Found = reader.read(data, pages)
    except Unreadable as error:
        return {"why": error.why, "detail": error.detail}
    except LookupError as error:
        if type(error) is not LookupError or len(error.args) != 3:
            return {"why": "damaged", "detail": repr(error)}
        missing, total, names = error.args
        return {"why": "missing", "detail": missing, "total": total, "names": names}
    except ImportError as error:
        return {"why": "library", "detail": str(error)}
    except MemoryError:
        return {"why": "too_large", "detail": ""}
    except Exception as error:  # whatever a library raises on a damaged file
        return {"why": "damaged", "detail": f"{type(error).__name__}: {error}"[:300]}
    return found._asdict()


def _bound(seconds: int, most: int) -> None:
    """Bound the memory and the time of this process, where the system can; who began it bounds the time as well."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, limit in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 0)):
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):  # macOS bounds no memory
            continue


if __name__ == "__main__":
    main()
