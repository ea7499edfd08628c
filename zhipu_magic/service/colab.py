"""Colab's secrets: keys that its users keep in its side panel, and allow each notebook to read."""

from __future__ import annotations

import sys

from ..text.errors import SettingsError


def colab_secret(name: str) -> str | None:
    """The secret of this name, where Colab runs this and has one. Raises SettingsError if it may not be read.

    Colab asks the user for access to a secret, and keeps the answer.
    """
    if "google.colab" not in sys.modules:
        return None
    try:
        from google.colab import userdata

        return userdata.get(name) or ""  # with no name, which a traceback would show
    except ImportError:
        return None
    except Exception as error:
        why = type(error).__name__  # its errors are not imported by name: older versions lack some of them
    if why == "SecretNotFoundError":
        return None
    if why == "NotebookAccessError":
        raise SettingsError(
            "Colab has a secret {name}, which this notebook may not read.",
            hint="Allow it in Colab's side panel (the key symbol), then ask again.",
            reason="key.colab_access",
            name=name,
        )
    raise SettingsError(
        "Colab did not say whether it has a secret {name} ({why}).",
        hint="Ask again with the notebook open in a browser, or set {name}.",
        reason="key.colab_silent",
        name=name,
        why=why,
    )
