from acme_common import currency
from prefect import flow
from prefect.blocks.system import Secret


@flow
def send_invoices() -> str:
    assert Secret.load("billing-key").get()
    return currency()


@flow
def close_month(dry_run: bool = True) -> bool:
    return dry_run
