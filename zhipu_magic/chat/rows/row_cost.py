"""What rows take of a budget, learned from those so far: so much by the length of a prompt, and so much besides."""

from __future__ import annotations

import math

#: So many standard deviations are added to what rows take on average.
_MARGIN = 3.0


class RowCost:
    """The line through what rows took, over what their own prompts take by estimate. Both are in the budget's unit.

    With their prompts grows more than the prompts: estimates may be too low, and answers as long as what they answer.
    So rows that are sorted by length are foreseen too. Until a row has been answered, each takes `assumed` besides.
    """

    def __init__(self, assumed: float) -> None:
        self._assumed = assumed
        self.count = 0
        self._own = self._took = 0.0
        self._own_squares = self._products = self._took_squares = 0.0

    def add(self, own: float, took: float) -> None:
        """A row took so much, whose own prompt takes so much."""
        self.count += 1
        own_change, took_change = own - self._own, took - self._took
        self._own += own_change / self.count
        self._took += took_change / self.count
        self._own_squares += own_change * (own - self._own)
        self._products += own_change * (took - self._took)
        self._took_squares += took_change * (took - self._took)

    def of(self, rows: int, own: float) -> float:
        """What so many rows may take, whose own prompts take so much together."""
        if not self.count:
            return own + rows * self._assumed
        slope = self._slope
        squares = self._took_squares - 2 * slope * self._products + slope**2 * self._own_squares
        deviation = math.sqrt(max(0.0, squares) / self.count)
        besides = max(0.0, self._took - slope * self._own)
        return slope * own + rows * besides + _MARGIN * deviation * math.sqrt(rows)

    @property
    def _slope(self) -> float:
        """What a row takes for each unit of its own prompt: about 1 while the lengths are too much alike to tell."""
        alike = self._own**2
        spread = self._own_squares + alike
        return max(0.0, (self._products + alike) / spread) if spread else 1.0
