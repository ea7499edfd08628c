"""Figures that code leaves open where nothing shows them: without a window and without a notebook's inline backend.

They are taken after the run, as the inline backend would. One that was open before is taken if the code has changed it.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, Final

from ...text.languages.messages import _, sent
from .recorder import Recorder

#: matplotlib's backends that only write files (`matplotlib.backends.backend_registry`).
_WITHOUT_WINDOW: Final = frozenset({"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"})


class OpenFigures:
    """The figures that were open when this was made."""

    def __init__(self) -> None:
        self._before = [] if _shows_itself() else _open()
        for figure in self._before:
            figure.stale = False  # anything that is drawn on it sets this again

    def take(self, recorder: Recorder) -> None:
        """Keep what the code has drawn since then, and close its own figures: the next run draws on new ones."""
        if _shows_itself():
            return
        pyplot = sys.modules["matplotlib.pyplot"]
        for figure in _open():
            is_new = all(figure is not one for one in self._before)
            if not (is_new or figure.stale):
                continue
            try:
                if (drawn := _drawn(figure)) is not None:
                    recorder.display({"image/png": drawn, "text/plain": repr(figure)})
            except Exception as error:  # whatever the artists raise
                why = f"{type(error).__name__}: {error}"
                recorder.write("stderr", f"{sent(_('A figure cannot be drawn: {error}', error=why))}\n")
            if is_new:
                pyplot.close(figure)


def _shows_itself() -> bool:
    """Whether there are no figures, or the backend shows them."""
    pyplot, matplotlib = sys.modules.get("matplotlib.pyplot"), sys.modules.get("matplotlib")
    if pyplot is None or matplotlib is None or not hasattr(pyplot, "get_fignums"):
        return True
    return not pyplot.get_fignums() or str(matplotlib.get_backend()).lower() not in _WITHOUT_WINDOW


def _open() -> list[Any]:
    from matplotlib._pylab_helpers import Gcf

    return [manager.canvas.figure for manager in Gcf.get_all_fig_managers()]


def _drawn(figure: Any) -> str | None:
    """The figure as base64 of a PNG; None for one with nothing on it."""
    from IPython.core.pylabtools import print_figure

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they would name a line of ours
        data = print_figure(figure, "png", base64=True)  # type: ignore[no-untyped-call]  # IPython's own
    return data if isinstance(data, str) else None
