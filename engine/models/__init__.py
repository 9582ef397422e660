"""What a model is outside of any backend: its files and content id, its size in memory, and the
devices of this machine.
"""
