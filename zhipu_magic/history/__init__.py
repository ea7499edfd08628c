"""Keeps: turns, threads, undo, what it cost, and the journal on disk."""
