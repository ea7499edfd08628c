"""A thread as a file of another kind: a transcript, messages, a script, a notebook.

Turns that are set aside are left out, and so is all reasoning.
"""

from __future__ import annotations

import json

from ...history.conversation import Thread
from ...text.errors import InvalidRequest
from .notebook import notebook
from .script import script
from .transcript import transcript

FORMS = (".md", ".json", ".py", ".ipynb")


def exported(thread: Thread, form: str, *, model: str, base_url: str) -> str:
    """The thread in one of `FORMS`. `model` is the one that it asks, `base_url` the service's address.

    Raises InvalidRequest for another form and for a thread without a turn, SettingsError for an address that a key
    should not be sent to.
    """
    form = form.lower()
    if form not in FORMS:
        raise InvalidRequest(
            f"A thread cannot become {f'a {form} file' if form else 'a file whose name has no ending'}.",
            hint=f"The end of the name says what it becomes: {', '.join(FORMS[:-1])} or {FORMS[-1]}.",
        )
    if thread.newest is None:
        raise InvalidRequest(
            f"There is nothing to export: the thread {thread.name} holds no turn.",
            hint="%glm threads lists the others; %glm restore brings back turns that were set aside.",
        )
    if form == ".md":
        return transcript(thread)
    if form == ".json":
        return json.dumps(thread.messages, ensure_ascii=False, indent=2) + "\n"
    if form == ".py":
        return script(thread, thread.newest, base_url)
    return notebook(thread, model)
