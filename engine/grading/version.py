"""Which rules of finding and comparing answers gave a verdict."""

RULES = 3
"""Raised whenever a verdict can become another one. 1: verdicts from before it was stored."""
