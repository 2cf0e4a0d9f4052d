"""A flow that is called by its module."""

from prefect import flow


@flow
def ingest(source: str = "api", full_refresh: bool = False) -> None:
    """Ingests."""
