"""A flow of a nested package, with relative imports over two levels."""

from prefect import flow

from ..names import COMPANY
from .layout import title


@flow(log_prints=True)
def weekly(week: int = 1) -> str:
    print(title(COMPANY, week))
    return title(COMPANY, week)
