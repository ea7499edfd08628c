"""What the user sees. Only this package uses ipywidgets.

`notebook` and `terminal` show a reply while it grows; nothing here changes the chat. Each module is imported when it is
first needed.
"""
