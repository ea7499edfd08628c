"""What happens to a chat: one class an event, with its line in the journal and what it changes."""
