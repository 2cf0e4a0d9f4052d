"""Plain data and the contracts that all rooms share: errors, values and their paths, diffs, masking, YAML, hints, and
the protocol between engine and provider.

No I/O. Imports nothing of this package.
"""
