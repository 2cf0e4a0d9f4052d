"""The functions (invokes) of the package: one object of a kind, a list of them, and what workers there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prefect_pulumi.models.base import PACKAGE, Kind

WORKER_METADATA = f"{PACKAGE}:index:getWorkerMetadata"


@dataclass(frozen=True, slots=True)
class Function:
    """`many` lists all objects, or those that the API's own filter object names; else it gets the one that is asked
    for by `id` or by `name`. `model` is None for what is no kind."""

    token: str
    description: str
    model: type[Kind] | None = None
    many: bool = False


def functions(kinds: Iterable[type[Kind]]) -> dict[str, Function]:
    """Token -> function, for every kind that lives on the server."""
    declared = [
        Function(
            WORKER_METADATA,
            "The types of workers that the server knows, with the base job template of each "
            "(GET /collections/views/aggregate-worker-metadata).",
        )
    ]
    for model in kinds:
        if not model.on_server:
            continue
        one, many = f"{PACKAGE}:index:get{model.kind}", f"{PACKAGE}:index:list{plural(model.kind)}"
        declared.append(Function(one, f"An existing {model.kind}, by its UUID or its name.", model))
        declared.append(Function(many, f"All objects of kind {model.kind}.", model, many=True))
    return {function.token: function for function in declared}


def plural(kind: str) -> str:
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"
