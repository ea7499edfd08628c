"""The service's files and batches of requests (docs/protocol.md, "Batch, embeddings")."""
