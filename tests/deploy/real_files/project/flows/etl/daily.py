"""A flow of a package."""

from prefect import flow


@flow(name="daily-etl", description="The whole ETL of a day.")
def daily(source: str = "s3", batch_size: int = 500, options: dict[str, str] | None = None) -> None:
    """Extracts, transforms, loads."""
