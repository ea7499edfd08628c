"""Texts as vectors, in an order, and counted: what a chat asks for besides replies and pictures."""
