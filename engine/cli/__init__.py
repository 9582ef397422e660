"""The command line, a sibling of the dashboard: the same engine without a browser."""
