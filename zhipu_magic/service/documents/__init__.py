"""What the service reads: documents, pictures of pages, addresses (docs/protocol.md, "Documents")."""
