"""Releases: verification, promotion, rollout and rollback.

May import `app.review`, `app.observe` and `app.session`.
"""
