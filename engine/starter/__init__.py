"""The starter: graded word problems, a tiny policy and a tiny process reward model, built here,
kept in data/starter.

`python -m engine.starter build` makes everything again. Nothing else in the engine imports this
room.
"""
