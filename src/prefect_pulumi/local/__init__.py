"""The embedded defaults: a Prefect server and process workers on this machine, as supervised child processes.

May import `core`.
"""
