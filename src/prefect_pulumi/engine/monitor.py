"""The resource monitor in this process: the object that the SDK's `Settings(monitor=...)` takes.

Each method mirrors one RPC of `pulumirpc.ResourceMonitor` (resource.proto): it takes the protobuf request and
returns the protobuf response. The SDK calls them from pool threads, several at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

from prefect_pulumi.engine.deployment import Deployment
from prefect_pulumi.engine.events import Message, Sink
from prefect_pulumi.engine.goals import Goal
from prefect_pulumi.engine.run_state import Aborted
from prefect_pulumi.engine.steps import STACK_TYPE
from prefect_pulumi.errors import PrefectPulumiError, UnsupportedError
from prefect_pulumi.state.entries import make_urn
from prefect_pulumi.values import from_struct, to_struct

SUPPORTED_FEATURES = (0, 1, 3, 5)
"""Flags of `DeploymentInfo.supportedFeatures`: secrets, resource references, alias specs, deletedWith."""

_SEVERITIES = {0: "debug", 1: "info", 2: "warning", 3: "error"}


T = TypeVar("T")


class MonitorClosed(grpc.RpcError):
    """Tells the SDK to end the program quietly: it treats UNAVAILABLE as a monitor that shuts down."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "the run has ended"


class InProcessMonitor:
    """Translates requests to goals for a `Deployment`."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        features: Any = SUPPORTED_FEATURES
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        known = {"secrets", "resourceReferences", "aliasSpecs", "deletedWith"}
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in known)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        self._refuse(request)
        outcome = self._guarded(lambda: self._deployment.register(self._goal(request)))
        return resource_pb2.RegisterResourceResponse(
            urn=outcome.urn,
            id=outcome.id,
            object=to_struct(outcome.outputs) if request.custom else None,
            result=resource_pb2.Result.FAIL if outcome.failed else resource_pb2.Result.SUCCESS,
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        self._deployment.register_outputs(request.urn, from_struct(request.outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        goal = Goal(
            urn=make_urn(self._deployment.stack, self._deployment.project, request.type, request.name, request.parent),
            type=request.type,
            name=request.name,
            custom=True,
            inputs=from_struct(request.properties),
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            provider=request.provider,
            version=request.version,
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
        )
        outcome = self._guarded(lambda: self._deployment.read(goal, request.id))
        return resource_pb2.ReadResourceResponse(
            urn=outcome.urn,
            id=outcome.id,
            properties=to_struct(outcome.outputs),
            result=resource_pb2.Result.FAIL if outcome.failed else resource_pb2.Result.SUCCESS,
        )

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.tok == "pulumi:pulumi:getResource":
            raise UnsupportedError("a resource reference of another package's module", where=request.tok)
        args = from_struct(request.args)
        result = self._guarded(lambda: self._deployment.invoke(request.tok, args, request.provider, request.version))
        response: dict[str, Any] = {
            "failures": [provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in result.failures]
        }
        if not result.failures:
            response["return"] = to_struct(result.inputs)  # a keyword of Python
        return resource_pb2.ResourceInvokeResponse(**response)

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def __getattr__(self, method: str) -> Any:
        def refuse(_: Any) -> Any:
            raise UnsupportedError(
                f"the embedded engine does not support {method}",
                remedy='run this program with the official CLI: eval "$(infra env -s STACK)" and pulumi up',
            )

        if method.startswith("_"):
            raise AttributeError(method)
        return refuse

    def _guarded(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except Aborted as error:
            raise MonitorClosed from error
        except PrefectPulumiError as error:
            self._deployment.errors.append(error)
            self._deployment.abort()
            raise MonitorClosed from error

    def _refuse(self, request: Any) -> None:
        unsupported = {
            "remote components": request.remote,
            "transforms": bool(request.transforms),
            "resource hooks": request.HasField("hooks") and bool(request.hooks.ListFields()),
            "replace_with": bool(request.replace_with),
            "replacement_trigger": request.HasField("replacement_trigger"),
            "parameterized packages": bool(request.packageRef),
            "state migrations": bool(request.state_migrations),
        }
        for name, asked in unsupported.items():
            if asked:
                error = UnsupportedError(
                    f"the embedded engine does not support {name}",
                    where=request.name,
                    remedy='run this program with the official CLI: eval "$(infra env -s STACK)" and pulumi up',
                )
                self._deployment.errors.append(error)
                self._deployment.abort()
                raise MonitorClosed

    def _goal(self, request: Any) -> Goal:
        stack, project = self._deployment.stack, self._deployment.project
        timeouts = {}
        if request.HasField("customTimeouts"):
            timeouts = {
                key: _seconds(getattr(request.customTimeouts, key))
                for key in ("create", "update", "delete")
                if getattr(request.customTimeouts, key)
            }
        return Goal(
            urn=make_urn(stack, project, request.type, request.name, request.parent),
            type=request.type,
            name=request.name,
            custom=request.custom,
            inputs=from_struct(request.object) if request.type != STACK_TYPE else {},
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            property_dependencies={k: list(v.urns) for k, v in request.propertyDependencies.items()},
            provider=request.provider,
            version=request.version,
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            aliases=tuple(self._alias_urns(request)),
            custom_timeouts=timeouts,
            import_id=request.importId,
            deleted_with=request.deletedWith,
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
                    spec.stack or self._deployment.stack,
                    spec.project or self._deployment.project,
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
        raise UnsupportedError("require_pulumi_version asks for a version of the official CLI")


def _seconds(text: str) -> float:
    """A Go duration such as `1h2m3.5s`, in seconds."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)", text)
    return sum(float(number) * units[unit] for number, unit in parts)
