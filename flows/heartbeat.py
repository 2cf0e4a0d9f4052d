"""Proves that the pool, its worker and the blocks work."""

from prefect import flow, task

from blocks import JSON


@task
def check_config() -> int:
    """Number of currencies. Fails when the declared config lacks a key that the flows need."""
    settings = JSON.load("app-config").value
    missing = {"source", "currencies"} - set(settings)
    if missing:
        raise KeyError(f"app-config lacks {sorted(missing)}")
    return len(settings["currencies"])


@flow(log_prints=True)
def heartbeat() -> None:
    """Runs on an interval."""
    print(f"all well, {check_config()} currencies")
