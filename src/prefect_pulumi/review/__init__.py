"""Drift and change reports: one model, several renderers, and edits that adopt live values.

Plain data in, text out: no I/O, no provider, no engine. May import `core` and `models`.
"""
