"""Prefect's REST API: the client, and what is asked of workers and flow runs. Its errors are the toolkit's own.

May import `core` and `models`.
"""
