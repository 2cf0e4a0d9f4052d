"""Children that run a module of this package in a Python interpreter of their own, cold or forked from a warm one.

Knows nothing of what they run. Imports nothing of this package.
"""
