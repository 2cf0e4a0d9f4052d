"""The state of a stack as the official CLI's own backends keep it: stores, checkpoint, secrets, locks, journal.

May import `core`.
"""
