"""A mistake on a `%glm` or `%%glm` line, as a cell shows it."""

from __future__ import annotations

from IPython.core import error

from ..text.wrapping import fitted


class UsageError(error.UsageError):
    """IPython's UsageError as an error output of its own.

    IPython prints its own class on a stream, where what runs notebooks, such as papermill, finds no error to report.
    """

    def _render_traceback_(self) -> list[str]:
        return fitted(f"UsageError: {self}")
