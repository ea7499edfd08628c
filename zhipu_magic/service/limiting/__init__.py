"""What a limiter is made of. All of it is pure: no clock, no threads, and nothing is read or written."""
