"""What is set in JupyterLab reaches the kernel, whatever parts of the extension are on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import PracticeServer

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("server", [0], indirect=True)]

Open = Callable[..., OpenNotebook]

PLUGIN, LOAD = "zhipu-magic/plugin", "%load_ext zhipu_magic"
ALL_OFF = dict.fromkeys(("page", "prose", "growing", "bar", "commands", "side"), False)
#: Plain Python, as a cell of the user's that asks by the chat of the page.
MODEL = "print(get_ipython().magics_manager.registry['GLMMagics'].model)"


@pytest.mark.parametrize("off", [{}, {"page": False}, ALL_OFF], ids=["all", "no-page", "none"])
def test_the_model_that_is_set_is_asked(
    front_end: FrontEnd, server: PracticeServer, opened: Open, off: dict[str, Any]
) -> None:
    with front_end.setting(PLUGIN, {"model": "glm-4.5-air", **off}):
        notebook = opened(front_end, front_end.write(f"set-{len(off)}", LOAD, "%%glm\nhi"))
        notebook.wait_for_kernel()
        notebook.finish(0, 1)
        assert server.requests[-1].body["model"] == "glm-4.5-air"


@pytest.mark.parametrize("off", [{}, ALL_OFF], ids=["all", "none"])
def test_a_page_in_which_no_cell_asks_has_it_too(
    lab: FrontEnd, server: PracticeServer, opened: Open, off: dict[str, Any]
) -> None:
    with lab.setting(PLUGIN, {"model": "glm-4.5-air", **off}):
        notebook = opened(lab, lab.write(f"plain-{len(off)}", "import math", LOAD, MODEL))
        notebook.wait_for_kernel()
        notebook.finish(0, 1, 2)
        assert notebook.outputs(2).first.inner_text().strip() == "glm-4.5-air"
