"""Beside the report."""


def title(company: str, week: int) -> str:
    return f"{company}, week {week}"
