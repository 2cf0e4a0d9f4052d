"""Two flows in one file, with a module beside it, a shared one, and parameters of every sort."""

from datetime import date
from typing import Literal

from prefect import flow
from pydantic import BaseModel

from currencies import RATES
from shared.money import total


class Options(BaseModel):
    """A nested parameter."""

    name: str
    retries: int = 1


@flow(name="import-orders")
def import_orders(
    day: date,
    region: Literal["eu", "us"] = "eu",
    limit: int = 10,
    options: Options | None = None,
    labels: list[str] = [],  # noqa: B006 - a flow's default, never changed
) -> float:
    """Imports the orders of a day."""
    return total([RATES[region]] * limit)


@flow
async def clean_up(days: int) -> int:
    """An async flow without a default."""
    return days


def not_a_flow() -> None:
    """A plain function."""
