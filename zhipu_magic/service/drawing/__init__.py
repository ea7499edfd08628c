"""Pictures that the service draws (docs/protocol.md, "Pictures")."""
