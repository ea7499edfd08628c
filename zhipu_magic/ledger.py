"""What the chat has cost: tokens and money, by turn and in all. Undoing a turn gives nothing back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .models import CATALOGUE
from .wire import Usage


@dataclass(frozen=True)
class Entry:
    """One reply. `usage` is None where the service did not count it, as many local servers and every reply that was
    cut short. `cost` is in yuan, an estimate; None where the price or the count is not known.
    """

    model: str
    prompt: str
    usage: Usage | None
    cost: float | None
    seconds: float
    note: str = ""

    @classmethod
    def of(cls, model: str, prompt: str, usage: Usage | None, *, priced: bool, seconds: float, note: str = "") -> Entry:
        """Reckon the cost; `priced` says whether the price table speaks of the service that answered."""
        known = CATALOGUE.get(model) if priced else None
        cost = None
        if known is not None and usage is not None:
            cost = known.cost(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
        return cls(model, prompt, usage, cost, seconds, note)


@dataclass(frozen=True)
class Ledger:
    """Every entry in order."""

    entries: tuple[Entry, ...] = ()

    def add(self, entry: Entry) -> Ledger:
        return replace(self, entries=(*self.entries, entry))

    @property
    def prompt_tokens(self) -> int:
        return sum(usage.prompt_tokens for usage in self._counted())

    @property
    def completion_tokens(self) -> int:
        return sum(usage.completion_tokens for usage in self._counted())

    @property
    def total_tokens(self) -> int:
        return sum(usage.total_tokens for usage in self._counted())

    @property
    def uncounted(self) -> int:
        """Entries whose tokens the service did not count, and which the sums therefore leave out."""
        return sum(entry.usage is None for entry in self.entries)

    def _counted(self) -> list[Usage]:
        return [entry.usage for entry in self.entries if entry.usage is not None]

    @property
    def cost(self) -> float | None:
        """Yuan in all, an estimate, of the entries whose price is known; None where none is."""
        costs = [entry.cost for entry in self.entries if entry.cost is not None]
        return sum(costs) if costs else None

    @property
    def unpriced(self) -> int:
        """Entries that are counted and whose price is not known, and which `cost` therefore leaves out."""
        return sum(entry.cost is None and entry.usage is not None for entry in self.entries)
