from prefect import flow, get_run_logger
from prefect.concurrency.sync import concurrency
from prefect.variables import Variable

from acme_pipelines.shop import fetch_orders


@flow(log_prints=True)
def ingest_orders(source: str = "shop", days: int = 1) -> int:
    """Ingest the orders of the last days."""
    with concurrency("shop-api", occupy=1):
        orders = fetch_orders(source, days)
    limit = Variable.get("ingest_batch_size", default=500)
    get_run_logger().info("%s orders, %s at a time", len(orders), limit)
    return len(orders)
