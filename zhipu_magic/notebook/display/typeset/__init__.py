"""A reply as lines of styled text: its Markdown parsed, set, and told apart into what stays and what may change."""
