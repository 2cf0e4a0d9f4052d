"""Executes steps: providers, journal, events, refresh, recovery.

May import `core`, `state` and `engine.plan`.
"""
