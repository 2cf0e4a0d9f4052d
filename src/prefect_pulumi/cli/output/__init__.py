"""What `infra` prints: progress, tables, documents.

May import `app` and `core`.
"""
