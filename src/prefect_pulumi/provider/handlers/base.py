"""The contract of a kind's lifecycle: what the provider calls, and what it hands over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.provider_protocol import DiffResult, Props, ProviderHost, ReadResult
from prefect_pulumi.core.values import has_unknown, same, secret, unwrap
from prefect_pulumi.models import Fault, FieldSpec, Kind


def logical_name(urn: str) -> str:
    """Last part of a URN (`urn:pulumi:stack::project::type::name`); names may contain `::`."""
    return urn.split("::", 3)[3] if urn.count("::") >= 3 else urn


@dataclass(frozen=True, slots=True)
class Call:
    """What one lifecycle call is about. Property maps may hold secrets, and unknowns in a preview.

    `news` are the inputs to reach, `inputs` and `outputs` those of the last known state, `ignored` the paths of
    `ignore_changes`. Which of them are set depends on the verb; a map that is not set is empty, an id "":

    | verb             | id | inputs | outputs | news      | ignored |
    |------------------|----|--------|---------|-----------|---------|
    | check            |    | x      |         | unchecked |         |
    | diff             | x  | x      | x       | checked   | x       |
    | preview, create  |    |        |         | checked   |         |
    | preview, update  | x  | x      | x       | checked   | x       |
    | read             | x  | x      | x       |           |         |
    | read (import)    | x  |        |         |           |         |
    | delete           | x  | x      | x       |           |         |
    | recover          |    |        |         | checked   |         |
    | existing         |    |        |         | checked   |         |

    `held` are ids of objects that other resources have, as far as they are known: the object of a create whose answer
    is lost is none of them.

    `urn` is set for each. The id of an import is what the user typed: a UUID or the kind's import id.
    """

    urn: str
    id: str = ""
    inputs: Props = field(default_factory=dict)
    outputs: Props = field(default_factory=dict)
    news: Props = field(default_factory=dict)
    ignored: Sequence[str] = ()
    held: frozenset[str] = frozenset()


class Handler(ABC):
    """The lifecycle of one kind."""

    def __init__(self, model: type[Kind]) -> None:
        self.model = model

    @property
    def noun(self) -> str:
        """How messages call the object."""
        return self.model.kind

    def check(self, call: Call) -> tuple[dict[str, Any], list[Fault]]:
        """The inputs to store, with the logical name where no name is given and secrets marked, and what is wrong with
        them. Writes nothing to the server."""
        inputs = {name: value for name, value in call.news.items() if value is not None}
        for spec in self.model.inputs():
            if spec.meta.logical_name and spec.wire not in inputs:
                inputs[spec.wire] = logical_name(call.urn)
            if spec.meta.secret and spec.wire in inputs:
                inputs[spec.wire] = secret(inputs[spec.wire])
        unknown = [name for name, value in inputs.items() if has_unknown(value)]
        faults = []
        for spec in self.model.fields():
            if not spec.from_program and spec.wire in inputs:
                faults.append(Fault(spec.wire, f"'{spec.wire}' is set by Prefect, not by the program; leave it out"))
        known = {name: unwrap(value) for name, value in inputs.items() if name not in unknown}
        faults += self.model.check(known, unknown)
        if not faults:
            faults = self.faults(known)
        return inputs, faults

    def requests(self, *, creates: bool) -> list[tuple[str, str]]:
        """Method and route of the requests that write the object, as far as a preview asks whether they are allowed."""
        return []

    def claims(self, inputs: Props) -> list[str]:
        """Names of deployments ('flow/deployment') that checked inputs own; each may have one owner in a program."""
        return []

    def name_on_server(self, inputs: Props) -> tuple[str, str]:
        """Place and name of the object that the server keeps only once for checked inputs; "" where it may keep
        several, or while the name is not known."""
        return "", ""

    def read_many(self, calls: Sequence[Call]) -> list[ReadResult]:
        """As `read` for each, in the order of `calls`; kinds with a list route need few requests for many."""
        return [self.read(call) for call in calls]

    @abstractmethod
    def faults(self, values: Props) -> list[Fault]:
        """Faults that need more than the model to be seen; `values` are plain, well-formed and known."""

    @abstractmethod
    def diff(self, call: Call) -> DiffResult:
        """How `news` differ from what is there, and which differences replace the object. Sends no request."""

    @abstractmethod
    def preview(self, call: Call) -> dict[str, Any]:
        """Outputs of the create or update as far as they are known before it; UNKNOWN for the rest.

        `id` "" says that it is a create.
        """

    @abstractmethod
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        """Id and outputs of the new object. Raises `ProviderError` when one of that name exists already,
        `ServerUnavailableError` when it is not known whether it was created."""

    @abstractmethod
    def read(self, call: Call) -> ReadResult:
        """The object as it is now; `ReadResult` with id "" when there is none."""

    @abstractmethod
    def update(self, call: Call) -> dict[str, Any]:
        """The outputs of the object changed in place to `news`. Raises `ProviderError` when it is gone."""

    @abstractmethod
    def delete(self, call: Call) -> None:
        """Deletes the object; one that is gone already is no error."""

    @abstractmethod
    def recover(self, call: Call) -> ReadResult | None:
        """What an interrupted create of `news` left behind, found by name, or None."""

    def existing(self, call: Call) -> str:
        """Id of the object on the server that checked `news` name, "" for none, or while they do not say which."""
        return ""


class HostHandler(Handler):
    """The lifecycle of what is no object of the server: only the model checks it, and a create can be repeated."""

    def __init__(self, model: type[Kind], host: ProviderHost) -> None:
        super().__init__(model)
        self.host = host

    @override
    def faults(self, values: Props) -> list[Fault]:
        return []

    @override
    def recover(self, call: Call) -> ReadResult | None:
        return None

    def plain(self, props: Props) -> dict[str, Any]:
        """Every input, without marks; the default of the model where none is given."""
        given = {name: value for name, value in unwrap(dict(props)).items() if value is not None}
        return {spec.wire: spec.default for spec in self.model.inputs()} | given

    def log(self, call: Call) -> Callable[[str], None]:
        """Shows a line that belongs to the resource."""
        return lambda message: self.host.log("info", message, call.urn)


def stored_inputs(model: type[Kind], inputs: Props, fresh: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that `fresh` outputs stand for: those that were given; for an import all that a create without them
    would not make."""
    result: dict[str, Any] = {}
    for spec in model.inputs():
        value = fresh.get(spec.wire)
        if value is None:
            continue
        if inputs:
            if spec.wire in inputs:
                result[spec.wire] = inputs[spec.wire] if same(inputs[spec.wire], value) else value
        elif spec.required or not any(same(value, made) for made in _made_without(spec)):
            result[spec.wire] = value
    return result


def _made_without(spec: FieldSpec) -> list[Any]:
    """Values that a create without the field may give it."""
    return [spec.default, spec.meta.removed, *([{}, []] if spec.meta.server_default else [])]
