"""Text: errors, Markdown, tables, tokens, and what is safe to show."""
