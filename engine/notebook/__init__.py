"""A study from Python: one database and its runs, for notebooks and scripts. Loaded on first use,
as `from engine import Study`.
"""
