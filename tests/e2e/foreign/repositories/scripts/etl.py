from datetime import timedelta

from prefect import flow, task
from prefect.blocks.system import Secret


@task
def extract(table: str) -> list[int]:
    return list(range(len(table)))


@flow(log_prints=True)
def etl(table: str = "orders") -> int:
    """Copies a table."""
    password = Secret.load("warehouse-password").get()
    rows = extract(table)
    print(f"{len(rows)} rows of {table}", bool(password))
    return len(rows)


if __name__ == "__main__":
    etl.serve(name="every-quarter-hour", interval=timedelta(minutes=15), parameters={"table": "orders"}, tags=["etl"])
