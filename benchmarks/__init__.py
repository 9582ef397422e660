"""One harness for every figure: python -m benchmarks NAME… [--json]. Ratios from runs that take
turns, medians quoted.
"""
