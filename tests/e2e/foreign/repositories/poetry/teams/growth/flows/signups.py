from acme_common import currency
from prefect import flow


@flow
def count_signups(source: str = "web") -> str:
    return f"{source} in {currency()}"
