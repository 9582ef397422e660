"""Whole runs without a person at the gates: the same commands and jobs as on the dashboard."""
