"""Executes steps: providers, journal, events, refresh, recovery, signals.

May import `core`, `state` and `engine.plan`.
"""
