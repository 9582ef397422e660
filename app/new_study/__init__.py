"""The parts of the page that builds a study: what it starts from, the form of every setting, what
it would take, and the start.
"""
