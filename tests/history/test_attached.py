"""What of the attachments of earlier turns goes along: a document by its address never beside images or videos."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.history.attached import ALL, first_left_out, going_along, left_out, parts_of, went_along
from zhipu_magic.history.messages import request_messages
from zhipu_magic.history.turn import Turn
from zhipu_magic.service.models import CATALOGUE
from zhipu_magic.values.images.image import remote


def turn(*parts: str, model: str = "glm-4.6v") -> Turn:
    return Turn("q", "a", model, images=tuple(remote(f"https://example.com/{part}", part) for part in parts))


def sent(turns: list[Turn], parts: list[str], takes: frozenset[str]) -> set[str]:
    """The parts of the request after these turns."""
    images = turn(*parts).images
    messages = request_messages(turns, "q", images, going=going_along(turns[::-1], images, takes))
    return {part["type"] for one in messages if isinstance(one["content"], list) for part in one["content"]} - {"text"}


beside = st.lists(st.sampled_from(["image_url", "video_url"]), max_size=2)
own = st.one_of(st.lists(st.just("file_url"), max_size=2), beside)
models = st.sampled_from(["glm-4.6v", "glm-4.6v-flash", "glm-4.7", "unknown"])


@given(st.lists(st.tuples(own, models), max_size=5), own, models)
def test_what_goes_out_a_model_takes_together(
    before: list[tuple[list[str], str]], parts: list[str], model: str
) -> None:
    turns = [turn(*each, model=asked) for each, asked in before]
    takes = CATALOGUE[model].takes if model in CATALOGUE else ALL
    parts = [part for part in parts if part in takes]
    found = sent(turns, parts, takes)
    assert found <= takes
    assert "file_url" not in found or found == {"file_url"}
    images, newest_first = turn(*parts).images, turns[::-1]
    going = going_along(newest_first, images, takes)
    count = left_out(turns, going)
    assert count == sum(part not in going for each in turns for part in parts_of(each))
    assert 0 <= first_left_out(newest_first, going) <= count
    assert left_out(turns, went_along(newest_first, images, count or None)) == count


def test_the_newest_decides() -> None:
    document, picture = turn("file_url"), turn("image_url")
    assert sent([document, picture], [], ALL) == {"image_url"}
    assert sent([picture, document], [], ALL) == {"file_url"}
    assert sent([picture, document], ["video_url"], ALL) == {"image_url", "video_url"}
    assert sent([document, picture], ["file_url"], ALL) == {"file_url"}
    assert sent([document], [], frozenset({"image_url", "video_url"})) == set()
    assert sent([document, picture], [], frozenset()) == set()


def test_it_is_told_once() -> None:
    document, picture, plain = turn("file_url"), turn("image_url"), turn()
    for turns, parts, first in (
        ([document], ["image_url"], 1),
        ([document, picture], [], 0),
        ([document, picture, plain], ["image_url"], 0),
        ([document, picture], ["file_url"], 1),
        ([document, plain], ["image_url"], 1),
    ):
        going = going_along(turns[::-1], turn(*parts).images, ALL)
        assert first_left_out(turns[::-1], going) == first
