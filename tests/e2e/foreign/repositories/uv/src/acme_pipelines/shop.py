from prefect import task
from prefect.blocks.system import Secret


@task(retries=2)
def fetch_orders(source: str, days: int) -> list[dict[str, int]]:
    token = Secret.load("shop-api-token").get()
    assert token
    return [{"order": day} for day in range(days)]
