"""Whether something takes time as its length does, measured no more often than it takes to say so."""

from __future__ import annotations

from collections.abc import Callable


def grows_as_its_length(
    seconds: Callable[[int], float], size: int, *, enough: float, factor: float, tries: int = 2
) -> bool:
    """Whether twice the `size` takes at most `enough` seconds, or `factor` times what the size takes.

    Each is the shortest of some tries, since a busy machine makes some of them longer; what is short enough at once is
    not measured again.
    """
    longer = min(_until(enough, seconds, 2 * size, tries))
    return longer <= enough or longer <= factor * min(seconds(size) for _ in range(tries))


def _until(enough: float, seconds: Callable[[int], float], size: int, tries: int) -> list[float]:
    taken: list[float] = []
    while len(taken) < tries and (not taken or taken[-1] > enough):
        taken.append(seconds(size))
    return taken
