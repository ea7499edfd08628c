"""Asking by the Batch API: what is meant is written down first, so that nothing is paid twice or lost."""
