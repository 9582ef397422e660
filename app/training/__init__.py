"""The parts of the training page: curves as columns and as figures."""
