"""A flow whose packages only the workers have."""

import a_model_library
from prefect import flow


@flow(name="score-customers")
def score(model: str = "latest", batch: int = 10) -> None:
    """Scores customers."""
    a_model_library.score(model, batch)
