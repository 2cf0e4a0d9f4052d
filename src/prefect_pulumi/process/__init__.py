"""The process of a command: its signals, its standard streams, its end.

Not for a program that calls the toolkit: that process is its own. May import `core`.
"""
