"""What is read off a study: evaluations, summaries, comparisons, monitors, estimates, offers.
Nothing here writes.
"""
