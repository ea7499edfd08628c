"""What the user sees: alone here ipywidgets is known.

`notebook` and `terminal` paint a reply while it grows; nothing here changes the chat. Nothing is imported before it is
shown.
"""
