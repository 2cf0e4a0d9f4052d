"""Live values written back into YAML and Python files, byte for byte but for the value.

May import `review.model` and `models`.
"""
