"""One reply: where it comes from, what there is of it so far, and how it is read to its end."""
