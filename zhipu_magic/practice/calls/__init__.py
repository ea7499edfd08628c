"""The endpoints besides chat, files and batches: pictures, vectors, rankings, counts of tokens."""
