"""Flows of the toolkit itself, which run on Prefect. Each is a module of its own, and nothing here imports them: they
need prefect, whose import costs seconds.
"""
