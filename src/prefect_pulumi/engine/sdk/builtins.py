"""The package `pulumi` itself, which needs no plugin: stack references (`pulumi:pulumi:StackReference`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.errors import PrefectPulumiError, ProviderError
from prefect_pulumi.core.provider_protocol import Changes, CheckResult, DiffResult, Props, ReadRequest, ReadResult
from prefect_pulumi.core.values import Secret, has_secret, unwrap
from prefect_pulumi.engine.run.providers import UnconfiguredProvider

StackOutputs = Callable[[str], Mapping[str, Any]]
"""The outputs of a stack of the same backend by its name (`stack` or `organization/project/stack`)."""

REFERENCE_TYPE = "pulumi:pulumi:StackReference"
OUTPUTS_FUNCTION = "pulumi:pulumi:readStackOutputs"


class BuiltinProvider(UnconfiguredProvider):
    """Reads other stacks' outputs at every run, previews included, as the official engine does."""

    def __init__(self, stack_outputs: StackOutputs) -> None:
        self._stack_outputs = stack_outputs

    @override
    def diff(
        self, urn: str, id: str, old_inputs: Props, old_outputs: Props, news: Props, ignore_changes: Sequence[str]
    ) -> DiffResult:
        return DiffResult(Changes.NONE)

    @override
    def read(self, urn: str, id: str, inputs: Props, outputs: Props) -> ReadResult:
        name = unwrap(inputs.get("name")) or id
        return ReadResult(id, dict(inputs), self._reference(str(name)))

    @override
    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        answers: list[ReadResult | PrefectPulumiError] = []
        for each in requests:
            try:
                answers.append(self.read(each.urn, each.id, each.inputs, each.outputs))
            except PrefectPulumiError as error:
                answers.append(error)
        return answers

    @override
    def invoke(self, token: str, args: Props) -> CheckResult:
        if token != OUTPUTS_FUNCTION:
            raise ProviderError(f"the package pulumi has no function {token!r}", where=token)
        return CheckResult(self._reference(str(unwrap(args["name"]))))

    def _reference(self, name: str) -> dict[str, Any]:
        found = dict(self._stack_outputs(name))
        hidden = sorted(key for key, value in found.items() if isinstance(value, Secret) or has_secret(value))
        return {"name": name, "outputs": found, "secretOutputNames": hidden}
