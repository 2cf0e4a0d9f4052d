"""Imports a day of orders: a source that hiccups, a cached rate table, one task for each batch."""

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
    """The source asked us to come again."""


@task(retries=2, retry_delay_seconds=1)
def extract(source: str, region: str, token: str) -> list[dict[str, Any]]:
    """The sample source is always busy at first: the retry is part of the sample."""
    if not token:
        raise ValueError("the source wants a token")
    if task_run.run_count == 1:
        raise SourceBusy(f"{source} is busy")
    return [{**order, "region": region} for order in SAMPLE]


@task(cache_key_fn=task_input_hash, cache_expiration=timedelta(days=1), persist_result=True)
def exchange_rates(day: str, currencies: list[str]) -> dict[str, float]:
    """Rates of a day do not change: a second run of that day is served from the cache."""
    return {currency: 1.0 if currency == "EUR" else 0.9 for currency in currencies}


@task
def load_batch(orders: list[dict[str, Any]], rates: dict[str, float]) -> float:
    """Sum of a batch in EUR. No more than the declared number of batches use the database at one time."""
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
