"""Used by a relative import."""


def double(number: int) -> int:
    return 2 * number
