"""The contract between an engine and a provider, in plain Python (no protobuf).

`engine` calls it, `provider` implements it, and neither imports the other. Each method mirrors one RPC of
`pulumirpc.ResourceProvider` (provider.proto) and takes one request. Property maps hold the values of `values.py`:
plain JSON values, `Secret`, `UNKNOWN`, `ResourceReference`, assets. Methods may be called from several threads at
once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeAlias, runtime_checkable

from prefect_pulumi.core.diagnostics import Diagnostic
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
class InvokeResult:
    """`value` is what the function returned ({} when there are failures)."""

    value: dict[str, Any]
    failures: tuple[CheckFailure, ...] = ()


# Requests. `timeout` is in seconds, 0 = the provider's default. Property maps that a request does not set are empty.


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Check and CheckConfig (`pulumirpc.CheckRequest`): are these inputs of a program valid, and how are they stored?

    `new_inputs`: as the program wrote them, with UNKNOWN in a preview. `old_inputs`: those of the state, {} for a new
    resource. `random_seed`: 32 bytes for names that the provider makes up; b"" in CheckConfig.
    """

    urn: str
    _: KW_ONLY
    old_inputs: Props = field(default_factory=dict)
    new_inputs: Props = field(default_factory=dict)
    random_seed: bytes = b""


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """Diff and DiffConfig (`pulumirpc.DiffRequest`): what would reaching `new_inputs` change, and does it replace?

    `old_inputs` and `old_outputs`: the state's. `new_inputs`: checked, with UNKNOWN in a preview. `id` is "" in
    DiffConfig. `ignore_changes`: property paths that the program told the engine to leave as they are; their old
    values are in `new_inputs` already.
    """

    urn: str
    id: str = ""
    _: KW_ONLY
    old_inputs: Props
    old_outputs: Props
    new_inputs: Props
    ignore_changes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """Create (`pulumirpc.CreateRequest`). `inputs`: checked; they hold UNKNOWN only when `preview` is set, which
    asks for the outputs as far as they are known and changes nothing."""

    urn: str
    inputs: Props
    _: KW_ONLY
    timeout: float = 0.0
    preview: bool = False


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Read (`pulumirpc.ReadRequest`). `inputs` and `outputs`: the last known ones.

    Without them it is an import or a lookup, and `id` is what the program or the user gave: an id or a name.
    """

    urn: str
    id: str
    inputs: Props = field(default_factory=dict)
    outputs: Props = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """Update (`pulumirpc.UpdateRequest`): as `DiffRequest`, once the diff said that no replacement is needed.

    `preview` asks for the outputs as far as they are known and changes nothing.
    """

    urn: str
    id: str
    _: KW_ONLY
    old_inputs: Props
    old_outputs: Props
    new_inputs: Props
    ignore_changes: Sequence[str] = ()
    timeout: float = 0.0
    preview: bool = False


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """Delete (`pulumirpc.DeleteRequest`). `inputs` and `outputs`: the last known ones."""

    urn: str
    id: str
    inputs: Props
    outputs: Props
    _: KW_ONLY
    timeout: float = 0.0


@dataclass(frozen=True, slots=True)
class InvokeRequest:
    """Invoke (`pulumirpc.InvokeRequest`): the function `token` (`package:module:name`) with `args`."""

    token: str
    args: Props


@dataclass(frozen=True, slots=True)
class RecoverRequest:
    """A create whose end is not known (no message of `pulumirpc`): its `inputs`, and when it began.

    `since`: Unix seconds of the server's clock; infinity when the state does not say. `held`: ids of the objects that
    other resources of the state have; none of them is the one that is looked for.
    """

    urn: str
    inputs: Props
    since: float
    held: frozenset[str] = frozenset()


class ProviderHost(Protocol):
    """What a provider may ask of the engine that runs it."""

    def log(self, severity: str, message: str, urn: str = "") -> None:
        """`severity`: debug, info, warning or error. Shown beside the resource `urn`."""
        ...


@runtime_checkable
class DiagnosticHost(Protocol):
    """A host that also takes faults and warnings with their places in files, beside the lines that are logged."""

    def diagnose(self, diagnostic: Diagnostic) -> None: ...


class Provider(Protocol):
    """One configured provider instance. Errors: `ProviderError` (or any `PrefectPulumiError`)."""

    def check_config(self, request: CheckRequest) -> CheckResult: ...

    def diff_config(self, request: DiffRequest) -> DiffResult: ...

    def configure(self, inputs: Props) -> None:
        """Takes the checked inputs of the provider resource; replaces an earlier configuration."""
        ...

    def check(self, request: CheckRequest) -> CheckResult: ...

    def diff(self, request: DiffRequest) -> DiffResult: ...

    def create(self, request: CreateRequest) -> CreateResult:
        """`PartialFailureError`: the object exists, but not as requested."""
        ...

    def read(self, request: ReadRequest) -> ReadResult: ...

    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        """As `read` for each, in order, with as few calls as the provider can; a failure stands in its place."""
        ...

    def update(self, request: UpdateRequest) -> dict[str, Any]:
        """The new outputs. `PartialFailureError`: the object was changed, but is not as requested."""
        ...

    def delete(self, request: DeleteRequest) -> None:
        """Succeeds when the object is gone already."""
        ...

    def invoke(self, request: InvokeRequest) -> InvokeResult: ...

    def cancel(self) -> None:
        """End soon: no new call will come, calls under way should return."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class ObjectLookup(Protocol):
    """What a provider offers besides when it can find the object that a resource of a program describes."""

    def existing(self, urn: str, inputs: Props) -> str:
        """Id of the object that checked `inputs` name on the server, "" for none.

        Raises `ProviderError` when several fit.
        """
        ...


@runtime_checkable
class ServerTime(Protocol):
    """What a provider offers besides when its objects have the time of another clock than this machine's."""

    def server_time(self, urn: str) -> float:
        """Unix seconds, at most a moment in the past, by the clock that dates the objects of the resource's kind."""
        ...


@runtime_checkable
class CreateRecovery(Protocol):
    """What a provider offers besides when it can find the object of an interrupted create, as ours does by name."""

    def recover(self, request: RecoverRequest) -> ReadResult | None:
        """The object that the create made at or after `since`, or None when there is none."""
        ...
