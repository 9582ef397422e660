"""The parts of the data page: files on their way in, and runs that start on them."""
