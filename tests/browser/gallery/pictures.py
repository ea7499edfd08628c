"""The committed pictures of the scenes, in docs/pictures/LANGUAGE, and `shown.json`: what is seen in each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops, ImageStat

if TYPE_CHECKING:
    from playing import Played
    from scene import Scene

PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
#: Bytes of all pictures together, and of a moving one.
MOST_BYTES, MOST_MOVING_BYTES = 4_000_000, 300_000
#: Seconds that a moving picture takes.
LONGEST = 6.0
#: Pixels of a moving picture for one of CSS, and colours of any.
MOVING_SHARPNESS, COLOURS = 1.25, 96
#: How far two pictures of the same may be apart: in width and height, and on average in lightness (of 255).
SIZE_MARGIN, LIGHT_MARGIN = 0.06, 5.0


def shown(language: str) -> dict[str, Any]:
    """What is seen in each picture, by the scene's name."""
    path = PICTURES / language / "shown.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def path_of(scene: Scene, language: str, *, moving: bool = False) -> Path:
    return PICTURES / language / f"{scene.name}{'.moving' if moving else ''}.webp"


def sidecar(scene: Scene, language: str, played: Played) -> dict[str, Any]:
    """What `shown.json` says of a scene: its cells, and what stood below each."""
    cells = scene.telling(language).cells[scene.first :]
    return {"cells": [{"source": cell, "shown": shown} for cell, shown in zip(cells, played.shown, strict=True)]}


def write(scene: Scene, language: str, played: Played) -> None:
    """Put the pictures of a scene in their place, and what is seen in them."""
    folder = PICTURES / language
    folder.mkdir(parents=True, exist_ok=True)
    assert played.picture is not None
    _few_colours(played.picture).save(path_of(scene, language), lossless=True, quality=100, method=6)
    if scene.moves:
        _write_moving(played.frames, path_of(scene, language, moving=True))
    all_shown = shown(language) | {scene.name: sidecar(scene, language, played)}
    text = json.dumps(all_shown, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "shown.json").write_text(text + "\n", "utf-8")


def looks_alike(picture: Image.Image, path: Path) -> bool:
    """Whether a picture is, but for times and the like, that of the file."""
    with Image.open(path) as file:
        kept = file.convert("L")
    if any(abs(a - b) > SIZE_MARGIN * b for a, b in zip(picture.size, kept.size, strict=True)):
        return False
    small = (48, 48)
    difference = ImageChops.difference(picture.convert("L").resize(small), kept.resize(small))
    return ImageStat.Stat(difference).mean[0] < LIGHT_MARGIN


def _write_moving(frames: list[tuple[Image.Image, float]], path: Path) -> None:
    width, height = (max(picture.size[side] for picture, _ in frames) for side in (0, 1))
    factor = MOVING_SHARPNESS / 2
    pages: list[tuple[Image.Image, float]] = []
    for picture, seconds in frames:
        ground = Image.new("RGB", (width, height), "white")
        ground.paste(picture, (0, 0))
        page = ground.resize((round(width * factor), round(height * factor)), Image.Resampling.LANCZOS)
        if pages and pages[-1][0].tobytes() == page.tobytes():
            pages[-1] = (page, pages[-1][1] + seconds)
        else:
            pages.append((page, seconds))
    first, *others = (_few_colours(page) for page, _ in pages)
    first.save(
        path,
        save_all=True,
        append_images=others,
        duration=[round(1000 * seconds) for _, seconds in pages],
        loop=0,
        lossless=True,
        quality=70,  # of compressing: no pixel is lost
        method=3,
    )


def _few_colours(picture: Image.Image) -> Image.Image:
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return few.convert("RGB")
