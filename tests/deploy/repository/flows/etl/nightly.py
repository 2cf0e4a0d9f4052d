"""A flow file with a relative import, and a flow as a method."""

from prefect import flow

from .steps import double


@flow
def nightly(number: int = 1) -> int:
    return double(number)


class Jobs:
    """Flows of a class."""

    @flow(name="of-a-class")
    @staticmethod
    def of_a_class(number: int = 2) -> int:
        return double(number)
