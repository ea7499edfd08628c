"""The journal: a file with a line for each event, written, read and resumed."""
