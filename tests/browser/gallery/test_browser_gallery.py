"""Each scene of the gallery runs as its page says, in both languages, and its pictures show what is seen.

`make gallery` (ZHIPU_MAGIC_GALLERY=1) writes the pictures anew instead of comparing them.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pictures
import pytest
from conftest import KEY
from front_end import AT_LENGTH, IS_OLDEST, LAB, FrontEnd
from playing import Theatre, play
from scene import LANGUAGES, Scene
from scenes import SCENES

from zhipu_magic.practice import PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),  # moving pictures are made while they are taken
    pytest.mark.skipif(IS_OLDEST, reason="the pictures are of a newer JupyterLab"),
]
PACK = "jupyterlab_language_pack_zh_CN"
#: The scene that is played each time; the others are in `make test-front-ends`.
EACH_TIME = "start"
REWRITTEN = bool(os.environ.get("ZHIPU_MAGIC_GALLERY"))


@pytest.fixture(scope="module")
def lab_alone(needs_a_browser: None, service_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    service = {"ZHIPUAI_BASE_URL": PracticeServer(port=service_port).base_url, "ZHIPUAI_API_KEY": KEY}
    front_end = FrontEnd(LAB, tmp_path_factory.mktemp("gallery"), {**service, "LANG": "C.UTF-8", "LANGUAGE": ""})
    front_end.start()
    yield front_end
    front_end.stop()


@pytest.fixture(scope="module", params=LANGUAGES)
def lab_in(request: pytest.FixtureRequest, lab_alone: FrontEnd) -> Iterator[tuple[str, FrontEnd]]:
    language: str = request.param
    if language == "zh_CN" and importlib.util.find_spec(PACK) is None:
        pytest.skip(f"needs {PACK.replace('_', '-')}")
    with lab_alone.setting("@jupyterlab/translation-extension/plugin", {"locale": language}):
        yield language, lab_alone


@pytest.mark.parametrize(
    "scene",
    [pytest.param(scene, id=scene.name, marks=[] if scene.name == EACH_TIME else [AT_LENGTH]) for scene in SCENES],
)
def test_a_scene_is_as_its_picture_shows_it(
    lab_in: tuple[str, FrontEnd], browser: Browser, service_port: int, scene: Scene
) -> None:
    language, lab = lab_in
    theatre = Theatre(lab, language, browser, films=REWRITTEN)
    with PracticeServer(pace=scene.pace, api_key=KEY, port=service_port) as server:
        played = play(scene, theatre, server)
    lab.shut_kernels_down()
    if REWRITTEN:
        pictures.write(scene, language, played)
    assert pictures.sidecar(scene, language, played) == pictures.shown(language)[scene.name]
    assert played.picture is not None
    assert pictures.looks_alike(played.picture, pictures.path_of(scene, language))
