"""The state of a stack as the official CLI's file backend keeps it: checkpoint, secrets, locks, journal.

May import `core`.
"""
