"""Shared by all flows, imported from the repository's root."""
