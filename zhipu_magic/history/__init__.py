"""Keeps the state of a chat: turns, threads, undo, what it cost, and the journal on disk."""
