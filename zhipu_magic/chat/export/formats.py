"""A thread as a file of another kind: a transcript, messages, a script, a notebook.

Turns that are set aside are left out, and so is all reasoning.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from ...history.conversation import Thread
from ...service.endpoint import check_base_url
from ...text.errors import InvalidRequest
from ...text.languages.joined import comma
from .notebook import notebook
from .script import script
from .transcript import transcript

FORMS = (".md", ".json", ".py", ".ipynb")


def exported(thread: Thread, form: str, *, model: str, base_url: str, plain_http: Collection[str] = ()) -> str:
    """The thread in one of `FORMS`. `model` is the one that it asks, `base_url` the service's address, `plain_http` the
    hosts that need no TLS.

    Raises InvalidRequest for another form and for a thread without a turn, SettingsError for an address that a key
    should not be sent to.
    """
    form = form.lower()
    if form not in FORMS:
        raise InvalidRequest(
            "A thread cannot be exported as a {form} file." if form else "The name of the file has no extension.",
            hint="The extension decides the format: {forms} or {last}.",
            reason="export.form" if form else "export.no_extension",
            form=form,
            forms=comma(FORMS[:-1]),
            last=FORMS[-1],
        )
    if thread.newest is None:
        raise InvalidRequest(
            "There is nothing to export: the thread {thread} has no turns.",
            hint="chat.history.threads lists the others; chat.history.restore() brings back turns that were set aside.",
            reason="export.nothing",
            thread=thread.name,
        )
    if form == ".md":
        return transcript(thread)
    if form == ".json":
        return json.dumps(thread.messages, ensure_ascii=False, indent=2) + "\n"
    if form == ".py":
        return script(thread, thread.newest, check_base_url(base_url, plain_http))
    return notebook(thread, model)
