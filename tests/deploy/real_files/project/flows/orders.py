"""Flows of orders."""

from prefect import flow


@flow(name="import-orders")
def import_orders(region: str = "eu", limit: int = 100, tables: list[str] | None = None) -> None:
    """Imports orders."""


@flow
async def report_orders(day: str = "yesterday", send: bool = False) -> None:
    """Reports orders."""
