"""A reply as lines of styled text: its Markdown is parsed, set, and divided into what stays and what may change."""
