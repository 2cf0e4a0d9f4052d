"""`prefect.yaml`: its strict model, and what it means for one stack.

May import `core`, `models` and `deploy.flows` (entrypoints).
"""
