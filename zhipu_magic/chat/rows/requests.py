"""The request of each row, made from the one that all rows share: its body, and the key that it is known by."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...history.messages import as_sent
from ...history.turn import Message, user_message
from ...service.profile import Profile
from ...values.row_prompt import RowPrompt, checked
from ..compose import check_sight
from ..request import Request, canonical_of, key_of
from ..window import fit

#: Stands for the prompt in the canonical form of the shared request; no prompt holds it.
_MARK = "\ue000zhipu_magic row\ue001"
#: Bytes of a request's SHA-256 that are its row's key: 22 characters, which a batch takes as `custom_id`.
_KEY_BYTES = 16


def row_key(request_key: str) -> str:
    """The short form of a request's key (see `request.key_of`), by which a row's answer is known."""
    return base64.urlsafe_b64encode(bytes.fromhex(request_key)[:_KEY_BYTES]).rstrip(b"=").decode()


class RowRequests:
    """Makes the requests of a table's rows. `request` asks one of them; the others differ in their prompt alone."""

    def __init__(self, request: Request) -> None:
        self.request = request
        marked = replace(request, messages=[*request.messages[:-1], user_message(_MARK)])
        before, after = canonical_of(marked.body).split(json.dumps(_MARK, ensure_ascii=False))
        self._before, self._after = hashlib.sha256(before.encode()), after.encode()
        known = request.known
        context = known.context if known is not None else None
        around = request.tokens + (request.max_tokens or 0)
        #: Characters of a prompt that surely fits: none takes more than one token.
        self._surely_fits = None if context is None else context - around
        self._sent: tuple[Profile, dict[str, Any]] | None = None

    def prompt(self, prompt: RowPrompt) -> RowPrompt:
        """The prompt as it is sent.

        Raises InvalidRequest where it is empty, has images that the model cannot see, or is too long for its context.
        """
        prompt = checked(prompt._replace(text=self.request.hide(prompt.text)))
        if prompt.images:
            check_sight(self.request, has_images=True)
        if self._surely_fits is not None and (prompt.images or len(prompt.text) > self._surely_fits):
            fit(replace(self.request, prompt=prompt.text, images=prompt.images))
        return prompt

    def key(self, prompt: RowPrompt) -> str:
        """The key of the row's request."""
        if prompt.images:
            body = {**self.request.body, "messages": [*self.request.messages[:-1], user_message(*prompt[:2])]}
            return row_key(key_of(body))
        digest = self._before.copy()
        digest.update(json.dumps(prompt.text, ensure_ascii=False).encode())
        digest.update(self._after)
        return base64.urlsafe_b64encode(digest.digest()[:_KEY_BYTES])[:-2].decode()

    def body(self, prompt: RowPrompt, profile: Profile, more: Sequence[Message] = ()) -> dict[str, Any]:
        """The body as a service of this profile takes it, with `more` messages after the prompt."""
        asked = user_message(prompt.text, prompt.images)
        if more:
            return replace(self.request, messages=[*self.request.messages[:-1], asked]).to_send(profile, more)
        if self._sent is None or self._sent[0] is not profile:
            self._sent = (profile, self.request.to_send(profile))
        sent = self._sent[1]
        [last] = as_sent([asked], data_urls=profile.data_urls)
        return {**sent, "messages": [*sent["messages"][:-1], last]}
