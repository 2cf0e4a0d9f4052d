"""A package of flows."""
