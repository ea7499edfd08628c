"""What a map would ask: its first prompts, and what all of it would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...history.rows.row import Row
from ...service.models import BATCH_PRICE, Model
from ...values.row_prompt import RowPrompt, tokens_of
from ..request import Request
from .asked import FailedRow

#: Prompts that are shown.
_SHOWN = 3


@dataclass(frozen=True, repr=False)
class MapPreview:
    """A map before it is asked. Costs are in yuan, times in seconds; all are estimates.

    Of the `rows`, `distinct` make different requests, `known` of which have an answer already, and the `failures` would
    not be sent. `first` are the prompts of the first few rows, by their places. `prompt_tokens` are those of all
    `to_ask`. `answer_tokens` and `answer_seconds` are the means of the answers that are known; None without any.
    `limit` is how many requests the service takes at once, as far as that is known.
    """

    request: Request
    rows: int
    distinct: int
    known: int
    failures: Sequence[FailedRow]
    first: Sequence[tuple[int, RowPrompt]]
    prompt_tokens: int
    answer_tokens: float | None = None
    answer_seconds: float | None = None
    limit: int | None = None

    def __repr__(self) -> str:
        failed = f", {len(self.failures):,} not to be sent" if self.failures else ""
        return f"<MapPreview, {self.to_ask:,} requests for {self.rows:,} rows{failed}>"

    @property
    def to_ask(self) -> int:
        """How many requests would go out."""
        return self.distinct - self.known

    def cost(self, known: Model, *, batch: bool = False, answer: float | None = None) -> float | None:
        """What all of it would cost with answers of this mean length, live or as a batch; None without a price."""
        if not self.to_ask:
            return 0.0
        tokens = answer if answer is not None else self.answer_tokens or 0.0
        each = known.cost(round(self.prompt_tokens / self.to_ask), round(tokens))
        return None if each is None else each * self.to_ask * (BATCH_PRICE if batch else 1.0)

    @property
    def seconds(self) -> float | None:
        """How long it would take at the limit that is known."""
        if self.answer_seconds is None or not self.limit:
            return None
        return self.to_ask * self.answer_seconds / self.limit


class Survey:
    """Looks at the rows of a map, for its preview."""

    def __init__(self) -> None:
        self.first: list[tuple[int, RowPrompt]] = []
        self.prompt_tokens = 0
        self._known: list[Row] = []

    def see(self, index: int, prompt: RowPrompt, known: Row | None) -> None:
        """See a row (see `part.Seen`)."""
        if len(self.first) < _SHOWN:
            self.first.append((index, prompt))
        if known is None:
            self.prompt_tokens += tokens_of(prompt)
        else:
            self._known.append(known)

    @property
    def answer_tokens(self) -> float | None:
        """The mean length of the known answers."""
        return _mean([row.usage[1] for row in self._known if row.usage is not None])

    @property
    def answer_seconds(self) -> float | None:
        """How long the known answers took on average."""
        return _mean([row.seconds for row in self._known if row.seconds])


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
