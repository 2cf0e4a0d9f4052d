"""One stack opened for one command: its state, settings and connection, read once.

May import the engine, the provider and `project`.
"""
