"""The parts of the difficulty page: the choice, the plot's columns, the commit, what is picked, the
panels below.
"""
