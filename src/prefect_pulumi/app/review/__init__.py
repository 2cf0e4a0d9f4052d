"""Drift reports, reviews of branches, adoption and acceptance of drift.

May import `app.observe` and `app.session`.
"""
