"""The dashboard that `%glm usage` shows: totals, a small chart and a table by turn, updated after every turn."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..ledger import Entry, Ledger
from ..models import PRICES_DATE
from .document import money, shorten, table
from .panel import BRAND, FAINT, FONT, TRACK
from .widget import LiveHTML

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_CHART_WIDTH, _CHART_HEIGHT = 480, 80
_LONGEST_PROMPT = 60


class Dashboard:
    """One widget for the whole notebook, shown wherever it is asked for.

    Each update also replaces the fallbacks that a saved page keeps.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell
        self._shown: list[tuple[Callable[..., None], str]] = []
        self._told: Ledger | None = None
        self._widget = LiveHTML()

    def show(self, ledger: Ledger) -> None:
        """Put the dashboard here."""
        publish, display_id = self._shell.display_pub.publish, uuid4().hex
        self._shown.append((publish, display_id))
        publish(self._bundle(ledger), transient={"display_id": display_id})

    def update(self, ledger: Ledger) -> None:
        """Show the figures of this moment wherever the dashboard stands."""
        if ledger is self._told:
            return
        for publish, display_id in self._shown:
            publish(self._bundle(ledger), transient={"display_id": display_id}, update=True)

    def close(self) -> None:
        self._widget.close()

    def _bundle(self, ledger: Ledger) -> dict[str, Any]:
        self._told = ledger
        return self._widget.bundle(dashboard_html(ledger), dashboard_text(ledger))


def dashboard_text(ledger: Ledger) -> str:
    """The dashboard where there is no HTML."""
    rows = [
        (str(number), entry.model, *_figures(entry), _asked(entry)) for number, entry in enumerate(ledger.entries, 1)
    ]
    return f"{_totals(ledger)}\n\n{table(_HEADER, rows)}" if rows else _totals(ledger)


def dashboard_html(ledger: Ledger) -> str:
    """Inline styles and one SVG; every text from outside is escaped."""
    cell = "padding:2px 12px 2px 0;border:none;background:none;color:inherit;font-size:12px"
    align = ("left", "left", "right", "right", "right", "right", "left")

    def row(tag: str, cells: tuple[str, ...]) -> str:
        inner = "".join(
            f'<{tag} style="{cell};text-align:{side}">{escape(text)}</{tag}>'
            for text, side in zip(cells, align, strict=True)
        )
        return f'<tr style="background:none">{inner}</tr>'

    rows = "".join(
        row("td", (str(number), entry.model, *_figures(entry), _asked(entry)))
        for number, entry in enumerate(ledger.entries, 1)
    )
    table_html = (
        f'<div style="overflow-x:auto"><table style="border:none;border-collapse:collapse;margin:0;{FONT}">'
        f"{row('th', _HEADER)}{rows}</table></div>"
        if rows
        else ""
    )
    return (
        f'<div class="zhipu-magic-dashboard" style="color:{FAINT};{FONT}">'
        f'<div style="margin:4px 0">{escape(_totals(ledger))}</div>{_chart(ledger)}{table_html}</div>'
    )


_HEADER = ("request", "model", "prompt", "completion", "cost", "seconds", "asked")


def _figures(entry: Entry) -> tuple[str, str, str, str]:
    cost = "not known" if entry.cost is None else money(entry.cost)
    return f"{entry.usage.prompt_tokens:,}", f"{entry.usage.completion_tokens:,}", cost, f"{entry.seconds:.1f}"


def _totals(ledger: Ledger) -> str:
    count = len(ledger.entries)
    if not count:
        return "Nothing has been asked yet."
    parts = [
        f"{count} request{'' if count == 1 else 's'}",
        f"{ledger.prompt_tokens:,} prompt + {ledger.completion_tokens:,} completion tokens",
    ]
    if ledger.cost is not None:
        parts.append(f"{money(ledger.cost)} (prices of {PRICES_DATE})")
    if ledger.unpriced:
        parts.append(f"{ledger.unpriced} of them without a known price")
    return " · ".join(parts)


def _asked(entry: Entry) -> str:
    prompt = shorten(entry.prompt, _LONGEST_PROMPT)
    return f"{prompt} ({entry.note})" if entry.note else prompt


def _chart(ledger: Ledger) -> str:
    """Tokens by request: a bar each, the prompt below and the completion above it."""
    entries = ledger.entries[-60:]
    highest = max((entry.usage.total_tokens for entry in entries), default=0)
    if not highest:
        return ""
    step = min(24.0, _CHART_WIDTH / len(entries))
    bars = []
    for number, entry in enumerate(entries):
        prompt = _CHART_HEIGHT * entry.usage.prompt_tokens / highest
        completion = _CHART_HEIGHT * entry.usage.completion_tokens / highest
        left, width = number * step, max(1.0, step - 3)
        for top, height, colour in (
            (_CHART_HEIGHT - prompt, prompt, TRACK),
            (_CHART_HEIGHT - prompt - completion, completion, BRAND),
        ):
            bars.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" style="fill:{colour}"/>'
            )
    title = "Tokens by request: prompt below, completion above"
    return (
        f'<svg role="img" aria-label="{title}" width="{len(entries) * step:.0f}" height="{_CHART_HEIGHT}" '
        f'viewBox="0 0 {len(entries) * step:.0f} {_CHART_HEIGHT}" style="display:block;max-width:100%">'
        f"<title>{title}</title>{''.join(bars)}</svg>"
    )
