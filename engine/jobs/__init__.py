"""Jobs: what is queued, what a kind of job does, and who drives it."""
