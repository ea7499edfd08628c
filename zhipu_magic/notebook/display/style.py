"""Colours and fonts: JupyterLab's or VS Code's, or else plain ones that are legible on light and dark."""

from __future__ import annotations

from ...text.markup import Markup

FAINT = Markup("var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #767676))")
WARN = Markup("var(--jp-warn-color1, var(--vscode-editorWarning-foreground, #b26a00))")
BRAND = Markup("var(--jp-brand-color1, var(--vscode-progressBar-background, #2979c8))")
TRACK = Markup("var(--jp-border-color2, var(--vscode-editorWidget-border, #c8c8c8))")
FONT = Markup("font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:12px;line-height:18px")
