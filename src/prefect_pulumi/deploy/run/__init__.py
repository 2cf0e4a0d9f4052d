"""Runs Prefect's own `prefect deploy` in a child process and rewrites its requests.

May import `deploy.plan` and `deploy.file`. `child` imports prefect: only its own process may import it.
"""
