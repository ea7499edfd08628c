"""Colours, fonts and a grid of names and values. The colours are JupyterLab's or VS Code's, or else plain ones that are
legible on light and dark.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...text.markup import Markup

FAINT = Markup("var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #767676))")
WARN = Markup("var(--jp-warn-color1, var(--vscode-editorWarning-foreground, #b26a00))")
BRAND = Markup("var(--jp-brand-color1, var(--vscode-progressBar-background, #2979c8))")
TRACK = Markup("var(--jp-border-color2, var(--vscode-editorWidget-border, #c8c8c8))")
FONT = Markup("font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:12px;line-height:18px")


def in_a_grid(named: Iterable[tuple[str, str]]) -> Markup:
    """Values below each other, each behind its name."""
    rows = Markup().join(
        Markup("<span>{name}</span><span>{value}</span>", name=name, value=value) for name, value in named
    )
    return Markup(
        '<div style="display:grid;grid-template-columns:max-content 1fr;column-gap:16px;margin:4px 0 4px 16px">'
        "{rows}</div>",
        rows=rows,
    )
