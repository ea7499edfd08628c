"""Files and batches of requests (docs/protocol.md, "Batch, embeddings")."""
