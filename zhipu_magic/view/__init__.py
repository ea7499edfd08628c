"""What the reader sees: the only rooms, with `magics`, that know IPython, and the only ones that know ipywidgets.

`Notebook` and `Terminal` show a reply while it grows, and nothing here ever changes the chat.
"""

from .document import Document, fenced, table
from .notebook import Notebook
from .panel import PanelMode, money
from .terminal import Terminal
from .widget import warm_up

__all__ = ["Document", "Notebook", "PanelMode", "Terminal", "fenced", "money", "table", "warm_up"]
