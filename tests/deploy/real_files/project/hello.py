"""A flow in the top folder."""

from prefect import flow


@flow(log_prints=True)
def hello(name: str = "world") -> None:
    """Says hello."""
    print(f"hello {name}")


class Jobs:
    """Flows of a class."""

    @staticmethod
    @flow(name="nightly-job")
    def nightly(keep_days: int = 30) -> None:
        """Removes what is old."""
