"""Drift and change reports: one model, several renderers. No I/O, no provider, no engine: plain data in, text out."""
