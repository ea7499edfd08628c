"""The answers to rows of tables, each known by the key of its request, in a file beside the journal."""
