"""Measurements of the toolkit; each module is started with `python -m bench.NAME` in the repository."""
