"""Questions in SQL about a study: asked in a child process, of a copy, with nothing to break."""
