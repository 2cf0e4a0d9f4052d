"""A nested package that is imported by its name."""
