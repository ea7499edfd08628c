"""Pictures for requests."""

from __future__ import annotations

import base64
import io

import PIL.Image


def picture(form: str, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    PIL.Image.new("RGB", size, "red").save(file, form)
    return file.getvalue()


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
