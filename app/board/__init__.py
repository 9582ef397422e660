"""The parts of the Home page: the table of all runs, and what can be done with those selected."""
