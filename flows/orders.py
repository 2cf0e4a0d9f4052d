"""Imports a day of orders: an unreliable source, a cached rate table, one task for each batch."""

from datetime import date, timedelta
from typing import Any

from prefect import flow, task
from prefect.blocks.system import Secret
from prefect.concurrency.sync import concurrency
from prefect.runtime import task_run
from prefect.tasks import task_input_hash
from prefect.variables import Variable

from blocks import JSON

SAMPLE = [
    {"id": number, "currency": "USD" if number % 3 else "EUR", "amount": 10.0 * number} for number in range(1, 10)
]


class SourceBusy(Exception):
    """The source is busy; a retry may succeed."""


@task(retries=2, retry_delay_seconds=1)
def extract(source: str, region: str, token: str) -> list[dict[str, Any]]:
    """Orders of a region. The sample source is always busy at first, to show a retry."""
    if not token:
        raise ValueError("the source needs a token")
    if task_run.run_count == 1:
        raise SourceBusy(f"{source} is busy")
    return [{**order, "region": region} for order in SAMPLE]


@task(cache_key_fn=task_input_hash, cache_expiration=timedelta(days=1), persist_result=True)
def exchange_rates(day: str, currencies: list[str]) -> dict[str, float]:
    """Rates to EUR. They do not change within a day: a second run of that day reads them from the cache."""
    return {currency: 1.0 if currency == "EUR" else 0.9 for currency in currencies}


@task
def load_batch(orders: list[dict[str, Any]], rates: dict[str, float]) -> float:
    """Sum of a batch in EUR. The concurrency limit bounds how many batches use the database concurrently."""
    with concurrency("orders-database", occupy=1, timeout_seconds=60):
        return sum(order["amount"] * rates[order["currency"]] for order in orders)


@flow(name="import-orders", log_prints=True)
def import_orders(day: str = "today", dry_run: bool = False) -> float:
    """Imports the orders of `day` (ISO date or "today") and returns their sum in EUR."""
    settings = JSON.load("app-config").value
    token = Secret.load("orders-api-token").get()
    region = Variable.get("orders_region", default="eu")
    batch_size = int(Variable.get("orders_batch_size", default=3))
    when = date.today().isoformat() if day == "today" else date.fromisoformat(day).isoformat()

    orders = extract(settings["source"], region, token)
    rates = exchange_rates(when, settings["currencies"])
    print(f"{len(orders)} orders of {when} from {settings['source']} ({region})")
    if dry_run:
        return 0.0
    batches = [orders[start : start + batch_size] for start in range(0, len(orders), batch_size)]
    sums = load_batch.map(batches, [rates] * len(batches)).result()
    print(f"loaded {len(batches)} batches, {sum(sums):.2f} EUR")
    return sum(sums)
