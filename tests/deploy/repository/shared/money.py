"""Sums."""


def total(amounts: list[float]) -> float:
    return sum(amounts)
