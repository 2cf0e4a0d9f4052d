"""A step of the project's own."""


def stamp(path: str) -> dict[str, str]:
    """Names the version."""
    return {"value": path}
