"""Texts of ours in two languages: how they are made, which language they are told in, and how each writes them."""
