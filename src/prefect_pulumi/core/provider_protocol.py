"""The contract between an engine and a provider, in plain Python (no protobuf).

`engine` calls it, `provider` implements it, and neither imports the other. Each method mirrors one RPC of
`pulumirpc.ResourceProvider` (provider.proto). Property maps hold the values of `values.py`: plain JSON values,
`Secret`, `UNKNOWN`, `ResourceReference`, assets. Methods may be called from several threads at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeAlias

from prefect_pulumi.core.errors import PrefectPulumiError

Props: TypeAlias = Mapping[str, Any]
"""Property map: camelCase name -> value of `values.py`."""


class DiffKind(Enum):
    """Kind of one property's difference (`PropertyDiff.Kind`)."""

    ADD = "add"
    ADD_REPLACE = "add-replace"
    DELETE = "delete"
    DELETE_REPLACE = "delete-replace"
    UPDATE = "update"
    UPDATE_REPLACE = "update-replace"

    @property
    def replaces(self) -> bool:
        return self.value.endswith("-replace")


class Changes(Enum):
    """`DiffResponse.DiffChanges`; UNKNOWN asks the engine to compare old and new inputs itself."""

    UNKNOWN = 0
    NONE = 1
    SOME = 2


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """`property` is the path of the offending input ("" for the resource as a whole)."""

    property: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    inputs: dict[str, Any]
    failures: tuple[CheckFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class DiffResult:
    """`detailed` maps a property path to its kind; `replaces` is every path that forces a replacement."""

    changes: Changes
    detailed: Mapping[str, DiffKind] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True, slots=True)
class CreateResult:
    """In preview `id` is "" and outputs may hold UNKNOWN."""

    id: str
    outputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """`id` "" says that the object does not exist."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One read of `Provider.read_many`: the id, and the last known inputs and outputs."""

    urn: str
    id: str
    inputs: Props
    outputs: Props


class ProviderHost(Protocol):
    """What a provider may ask of the engine that runs it."""

    def log(self, severity: str, message: str, urn: str = "") -> None:
        """`severity`: debug, info, warning or error. Shown beside the resource `urn`."""
        ...


class Provider(Protocol):
    """One configured provider instance. Errors: `ProviderError` (or any `PrefectPulumiError`)."""

    def check_config(self, urn: str, olds: Props, news: Props) -> CheckResult: ...

    def diff_config(self, urn: str, olds: Props, old_inputs: Props, news: Props) -> DiffResult: ...

    def configure(self, inputs: Props) -> None: ...

    def check(self, urn: str, olds: Props, news: Props, random_seed: bytes) -> CheckResult: ...

    def diff(
        self, urn: str, id: str, old_inputs: Props, old_outputs: Props, news: Props, ignore_changes: Sequence[str]
    ) -> DiffResult: ...

    def create(self, urn: str, inputs: Props, timeout: float, preview: bool) -> CreateResult: ...

    def read(self, urn: str, id: str, inputs: Props, outputs: Props) -> ReadResult: ...

    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        """As `read` for each, in order, with as few calls as the provider can; a failure stands in its place."""
        ...

    def update(
        self,
        urn: str,
        id: str,
        old_inputs: Props,
        old_outputs: Props,
        news: Props,
        timeout: float,
        preview: bool,
        ignore_changes: Sequence[str],
    ) -> dict[str, Any]:
        """The new outputs."""
        ...

    def delete(self, urn: str, id: str, inputs: Props, outputs: Props, timeout: float) -> None:
        """Deleting what is gone already succeeds."""
        ...

    def invoke(self, token: str, args: Props) -> CheckResult:
        """The function's result, as `inputs`, or its failures."""
        ...

    def cancel(self) -> None:
        """End soon: no new call will come, calls under way should return."""
        ...

    def close(self) -> None: ...
