"""The page of verdicts: asking a judge, and a person's look at what it says."""
