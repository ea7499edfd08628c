"""What the reader sees: the only rooms, with `magics`, that know IPython, and the only ones that know ipywidgets.

`notebook` and `terminal` show a reply while it grows; nothing here ever changes the chat. Nothing is imported
before it is shown.
"""
