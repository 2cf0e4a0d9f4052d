"""Beside the flows: imported by its bare name."""

RATES = {"eu": 1.0, "us": 0.9}
