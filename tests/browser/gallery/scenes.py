"""The scenes of the gallery, in their order on its page.

This table is where all of it comes from: the pages (`pages`), and the pictures, which a real JupyterLab shows while the
practice server answers (`playing`).
"""

from __future__ import annotations

from scenes_answered import COMPARED, DRAWN, PYTHON, ROWS, TOOLS, TYPED
from scenes_around import ERROR, HISTORY, JUPYTERLAB, START, USAGE
from scenes_asked import ABOVE, PREVIEW, RERUN, STREAMED, TABLE

SCENES = (
    STREAMED,
    RERUN,
    TABLE,
    PREVIEW,
    TYPED,
    ROWS,
    ABOVE,
    TOOLS,
    PYTHON,
    COMPARED,
    DRAWN,
    ERROR,
    HISTORY,
    USAGE,
    JUPYTERLAB,
    START,
)
