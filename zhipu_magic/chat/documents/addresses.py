"""What a model gets by its address: a video, a picture, or a document that it reads itself."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from ...service.models import CATALOGUE, Model
from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.joined import comma

#: By the endings of addresses: what vision models take, and what some of them do (docs/protocol.md, "Chat request").
_VIDEOS: Final = (".mp4", ".mkv", ".mov")
_PICTURES: Final = (".png", ".jpg", ".jpeg")
_DOCUMENTS: Final = (".pdf", ".txt", ".docx", ".jsonl", ".xlsx", ".pptx")


def part_for(url: str, known: Model | None, *, is_glm: bool, beside_images: bool) -> str:
    """The part of a message by which the model gets what is at this address; empty where its text is read for it.

    A document goes to a model that takes it, and not beside images, which the service refuses. A video goes to one that
    sees, and is nothing for any other: raises InvalidRequest.
    """
    ending = PurePosixPath(urlsplit(url).path).suffix.lower()
    if ending in _PICTURES:
        return "image_url"  # a model that does not see says so
    if ending in _VIDEOS:
        if known is not None and "video_url" not in known.parts:
            raise InvalidRequest(
                "{model} does not take videos.",
                hint="Use a model that does: {models}.",
                reason="model.no_videos",
                outcomes=[NOTHING_SENT],
                model=known.name,
                models=comma(model.name for model in CATALOGUE.values() if "video_url" in model.parts),
            )
        return "video_url"
    takes = known is not None and "file_url" in known.parts and is_glm
    return "file_url" if takes and ending in _DOCUMENTS and not beside_images else ""
