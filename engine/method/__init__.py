"""The papers as pure functions: no IO, no clock, no global random state. A newcomer reads this room
first.
"""
