"""The gallery's pages, made of the scenes: docs/gallery.md and docs/gallery.zh-CN.md.

`python tests/browser/gallery/pages.py` writes them; `make gallery` does, after the pictures.
"""

from __future__ import annotations

from pathlib import Path

from scene import LANGUAGES, Scene
from scenes import SCENES

DOCS = Path(__file__).parents[3] / "docs"
_HEADS = {
    "en": (
        "# Gallery\n\n"
        "Cells, and what JupyterLab shows of them. Copy them into a notebook that has run `%load_ext "
        "zhipu_magic`. A model of yours will "
        "say something else: here the [practice server](practice.md) answers, with replies that were written for it.\n"
    ),
    "zh_CN": (
        "# 图库\n\n"
        "单元格，以及它们在 JupyterLab 中的样子。复制到运行过 `%load_ext zhipu_magic` 的笔记本即可使用。"
        "你的模型会给出不同的回答："
        "这里由[练习服务](practice.md)作答，回复是事先写好的。\n"
    ),
}
#: Both pages are of the same scenes; the site shows each in its language.
_SOURCE = "<!-- Made of tests/browser/gallery/scenes.py by `make gallery`. -->\n"


def path_of(language: str) -> Path:
    return DOCS / ("gallery.md" if language == "en" else "gallery.zh-CN.md")


def page(language: str) -> str:
    """The page as Markdown, as GitHub shows it too."""
    return "\n".join([_SOURCE, _HEADS[language], *(_part(scene, language) for scene in SCENES if scene.listed)])


def _part(scene: Scene, language: str) -> str:
    telling = scene.telling(language)
    fences = (f"```{'' if _asks(cell) else 'python'}\n{cell}\n```\n" for cell in telling.cells)
    return "\n".join([f"## {telling.title}\n", f"{telling.about}\n", *fences, _picture(scene, language)])


def _asks(cell: str) -> bool:
    return cell.lstrip().startswith(("%%glm", "%glm"))


def _picture(scene: Scene, language: str) -> str:
    """Where it moves, those who want no motion have the other."""
    alt, still = scene.telling(language).alt, f"pictures/{language}/{scene.name}.webp"
    if not scene.moves:
        return f"![{alt}]({still})\n"
    return (
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
        f'<img src="pictures/{language}/{scene.name}.moving.webp" alt="{alt}"></picture>\n'
    )


if __name__ == "__main__":
    for name in LANGUAGES:
        path_of(name).write_text(page(name), "utf-8")
