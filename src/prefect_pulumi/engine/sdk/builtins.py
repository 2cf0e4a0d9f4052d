"""The package `pulumi` itself, which needs no plugin: stack references (`pulumi:pulumi:StackReference`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.errors import PrefectPulumiError, ProviderError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    DiffRequest,
    DiffResult,
    InvokeRequest,
    InvokeResult,
    ReadRequest,
    ReadResult,
)
from prefect_pulumi.core.values import Secret, has_secret, unwrap
from prefect_pulumi.engine.run.providers import UnconfiguredProvider

StackOutputs = Callable[[str], Mapping[str, Any]]
"""The outputs of a stack of the same backend by its name (`stack` or `organization/project/stack`)."""

OUTPUTS_FUNCTION = "pulumi:pulumi:readStackOutputs"


class BuiltinProvider(UnconfiguredProvider):
    """Reads other stacks' outputs at every run, previews included, as the official engine does."""

    def __init__(self, stack_outputs: StackOutputs) -> None:
        self._stack_outputs = stack_outputs

    @override
    def diff(self, request: DiffRequest) -> DiffResult:
        return DiffResult(Changes.NONE)

    @override
    def read(self, request: ReadRequest) -> ReadResult:
        name = unwrap(request.inputs.get("name")) or request.id
        return ReadResult(request.id, dict(request.inputs), self._reference(str(name)))

    @override
    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        answers: list[ReadResult | PrefectPulumiError] = []
        for request in requests:
            try:
                answers.append(self.read(request))
            except PrefectPulumiError as error:
                answers.append(error)
        return answers

    @override
    def invoke(self, request: InvokeRequest) -> InvokeResult:
        if request.token != OUTPUTS_FUNCTION:
            raise ProviderError(f"the package pulumi has no function {request.token!r}", where=request.token)
        return InvokeResult(self._reference(str(unwrap(request.args["name"]))))

    def _reference(self, name: str) -> dict[str, Any]:
        outputs = dict(self._stack_outputs(name))
        hidden = sorted(key for key, value in outputs.items() if isinstance(value, Secret) or has_secret(value))
        return {"name": name, "outputs": outputs, "secretOutputNames": hidden}
