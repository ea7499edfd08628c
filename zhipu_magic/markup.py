"""Text for a page, whose pieces know whether they are ours or from outside."""
