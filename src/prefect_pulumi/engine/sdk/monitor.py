"""The resource monitor in this process: the object that the SDK's `Settings(monitor=...)` takes.

Each method mirrors one RPC of `pulumirpc.ResourceMonitor` (resource.proto): it takes the protobuf request and
returns the protobuf response. The SDK calls them from pool threads, several at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

from prefect_pulumi.core.errors import PrefectPulumiError, UnsupportedError
from prefect_pulumi.core.values import from_struct, to_struct, unwrap
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import STACK_TYPE
from prefect_pulumi.engine.run.deployment import Deployment
from prefect_pulumi.engine.run.events import Message, Sink
from prefect_pulumi.engine.run.run_state import Aborted, Outcome
from prefect_pulumi.engine.sdk import capabilities
from prefect_pulumi.engine.sdk.assets import hashed
from prefect_pulumi.state.entries import make_urn

_SEVERITIES = {0: "debug", 1: "info", 2: "warning", 3: "error"}
_GET_RESOURCE = "pulumi:pulumi:getResource"

T = TypeVar("T")


class MonitorClosed(grpc.RpcError):
    """Tells the SDK to end the program quietly: it treats UNAVAILABLE as a monitor that shuts down."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "the run has ended"


class InProcessMonitor:
    """Translates requests to goals for a `Deployment`. Relative paths of assets start at `program`."""

    def __init__(self, deployment: Deployment, program: Path) -> None:
        self._deployment = deployment
        self._state = deployment.state
        self._program = program

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        features: Any = capabilities.feature_numbers()
        return resource_pb2.DeploymentInfo(
            project=self._state.project,
            stack=self._state.stack,
            organization="organization",
            dryRun=self._state.dry_run,
            parallel=self._state.options.parallel,
            supportedFeatures=features,
        )

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=capabilities.supports(request.id))

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        refused = capabilities.refused_option(request)
        if refused is not None:
            self._refuse(refused)
        outcome = self._guarded(lambda: self._deployment.register(self._goal(request)))
        return resource_pb2.RegisterResourceResponse(
            urn=outcome.urn,
            id=outcome.id,
            object=to_struct(outcome.outputs) if request.custom else None,
            result=_result(outcome),
            unknown=outcome.excluded,
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        outputs = hashed(from_struct(request.outputs), self._program)
        self._deployment.register_outputs(request.urn, outputs)
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        if request.packageRef:
            self._refuse(capabilities.refusal("parameterized packages", request.name))
        goal = Goal(
            urn=make_urn(self._state.stack, self._state.project, request.type, request.name, request.parent),
            type=request.type,
            name=request.name,
            custom=True,
            inputs=hashed(from_struct(request.properties), self._program),
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            provider=request.provider,
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            **_plugin(request),
        )
        outcome = self._guarded(lambda: self._deployment.read(goal, request.id))
        return resource_pb2.ReadResourceResponse(
            urn=outcome.urn,
            id=outcome.id,
            properties=to_struct(outcome.outputs),
            result=_result(outcome),
            unknown=outcome.excluded,
        )

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.packageRef:
            self._refuse(capabilities.refusal("parameterized packages", request.tok))
        args = hashed(from_struct(request.args), self._program)
        if request.tok == _GET_RESOURCE:
            resource = self._guarded(lambda: self._deployment.lookups.resource(str(unwrap(args["urn"]))))
            answer: dict[str, Any] = {"return": to_struct(resource)}
            return resource_pb2.ResourceInvokeResponse(**answer)
        goal = Goal("", request.tok, "", True, {}, provider=request.provider, **_plugin(request))
        result = self._guarded(lambda: self._deployment.invoke(request.tok, args, goal))
        response: dict[str, Any] = {
            "failures": [provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in result.failures]
        }
        if not result.failures:
            response["return"] = to_struct(result.value)  # a keyword of Python
        return resource_pb2.ResourceInvokeResponse(**response)

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def __getattr__(self, method: str) -> Any:
        words = next((item.note for item in capabilities.METHODS if item.name == method and not item.supported), "")
        if not words:
            raise AttributeError(method)

        def refuse(_: Any) -> Any:
            self._refuse(capabilities.refusal(words))

        return refuse

    def _guarded(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except Aborted as error:
            raise MonitorClosed from error
        except PrefectPulumiError as error:
            self._state.abort(error)
            raise MonitorClosed from error

    def _refuse(self, error: UnsupportedError) -> None:
        self._state.abort(error)
        raise MonitorClosed from error

    def _goal(self, request: Any) -> Goal:
        stack, project = self._state.stack, self._state.project
        return Goal(
            urn=make_urn(stack, project, request.type, request.name, request.parent),
            type=request.type,
            name=request.name,
            custom=request.custom,
            inputs=hashed(from_struct(request.object), self._program) if request.type != STACK_TYPE else {},
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            property_dependencies={k: list(v.urns) for k, v in request.propertyDependencies.items()},
            provider=request.provider,
            protect=request.protect if request.HasField("protect") else None,
            retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            aliases=tuple(self._alias_urns(request)),
            custom_timeouts=_timeouts(request),
            import_id=request.importId,
            deleted_with=request.deletedWith,
            hide_diff=tuple(request.hideDiffs),
            **_plugin(request),
        )

    def _alias_urns(self, request: Any) -> list[str]:
        urns = list(request.aliasURNs)
        for alias in request.aliases:
            if alias.urn:
                urns.append(alias.urn)
                continue
            spec = alias.spec
            parent = "" if spec.noParent else (spec.parentUrn or request.parent)
            urns.append(
                make_urn(
                    spec.stack or self._state.stack,
                    spec.project or self._state.project,
                    spec.type or request.type,
                    spec.name or request.name,
                    parent,
                )
            )
        return urns


class InProcessEngine:
    """`pulumirpc.Engine`: only `Log` is asked by a Python program."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def Log(self, request: Any) -> Any:  # noqa: N802
        if request.severity != engine_pb2.LogSeverity.Value("DEBUG"):
            self._sink.emit(Message(_SEVERITIES.get(request.severity, "info"), request.message, request.urn))
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, request: Any) -> Any:  # noqa: N802
        raise capabilities.refusal("`require_pulumi_version`: it asks for a version of the official CLI")


def _plugin(request: Any) -> dict[str, Any]:
    """Which plugin serves the request."""
    return {
        "version": request.version.removeprefix("v"),
        "plugin_url": request.pluginDownloadURL.rstrip("/"),
        "plugin_checksums": {key: value.hex() for key, value in request.pluginChecksums.items()},
    }


def _result(outcome: Outcome) -> Any:
    return resource_pb2.Result.FAIL if outcome.failed else resource_pb2.Result.SUCCESS


def _timeouts(request: Any) -> dict[str, float]:
    if not request.HasField("customTimeouts"):
        return {}
    return {field.name: _seconds(text) for field, text in request.customTimeouts.ListFields()}


def _seconds(text: str) -> float:
    """A Go duration such as `1h2m3.5s`, in seconds."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)", text)
    return sum(float(number) * units[unit] for number, unit in parts)
