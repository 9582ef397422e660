"""What is here and what is missing: the machine, a configuration on it, the room that a database
takes.
"""
