"""Plain data and the contracts that all rooms share: errors, property values, paths, diffs, masking, YAML, hints, and the
protocol between engine and provider.

No I/O. Imports nothing of this package.
"""
