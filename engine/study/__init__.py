"""What a person decides between jobs, each in one transaction: runs and iterations, plans and
commits, pairs, side samples.
"""
