"""Prefect Cloud for tests: its contract, and a proxy that holds a real server to it."""
