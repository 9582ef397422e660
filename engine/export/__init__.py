"""What a person takes away: tables, configurations, policies; and stored verdicts given to be
graded again.
"""
