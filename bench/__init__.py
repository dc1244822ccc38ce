"""Benchmarks: each prints JSON lines with its figure and, where there is one, the ratio to a limit of the same run."""
