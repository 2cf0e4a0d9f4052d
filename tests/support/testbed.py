"""A provider for tests, on the generated gRPC stubs: packages `testbed` and, older in its ways, `oldbed`.

Attached to by both engines (`PULUMI_DEBUG_PROVIDERS`) or run as a plugin process of its own:

    pulumi-resource-testbed ENGINE_ADDRESS        with TESTBED_WORLD naming the folder for what each process notes

Type `<package>:index:Thing` takes any inputs. Some of them mean something:

    anchor      a change replaces the object, the new one first
    slot        a change replaces the object, the old one first
    fail        list of methods that refuse (check, create, update, delete, read)
    partial     list of methods that work but leave the object not as asked
    filled      left out: made up by Check, and carried on from the old inputs
    say         logged through the engine when the object is made
    die         text that the provider prints before it dies, instead of making the object
    set         list whose order means nothing, read back in another one and with what bridged providers add

Outputs are the inputs with `serial` (number of updates), `token` (made for the object) and, for an asset, its text.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from prefect_pulumi.core.values import (
    UNKNOWN,
    Archive,
    Asset,
    ResourceReference,
    from_struct,
    has_unknown,
    same,
    to_struct,
    unwrap,
)

DEFAULTS = "__defaults"
REPLACING = {"anchor", "slot", "region"}


@dataclass
class World:
    """What the provider's cloud holds: id -> {name, props}; and every call that changed it, in order."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    latest: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    file: Path | None = None
    about: dict[str, Any] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def note(self, method: str, name: str, **more: Any) -> None:
        with self.lock:
            self.calls.append((method, name))
            self.seen.append({"method": method, "name": name, **more})
            self.save()

    def save(self) -> None:
        if self.file is not None:
            text = json.dumps({"things": self.things, "calls": self.calls, "about": self.about}, default=str)
            temporary = self.file.with_suffix(".tmp")
            temporary.write_text(text)
            temporary.replace(self.file)

    def take_calls(self) -> list[tuple[str, str]]:
        """Those since the last time; `latest` has all about them."""
        with self.lock:
            taken, self.calls = self.calls, []
            self.latest, self.seen = self.seen, []
        return taken


def _name(urn: str) -> str:
    return urn.split("::", 3)[-1]


class Testbed(provider_pb2_grpc.ResourceProviderServicer):
    """`modern`: it shakes hands, takes secrets and references, and previews."""

    __test__ = False

    def __init__(self, world: World, *, package: str = "testbed", stopped: threading.Event | None = None) -> None:
        self.world = world
        self.package = package
        self.modern = package == "testbed"
        self.stopped = stopped
        self.config: dict[str, Any] = {}
        self._engine: Any = None

    def Handshake(self, request: Any, context: Any) -> Any:
        if not self.modern:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "no handshake")
        self._attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, request: Any, context: Any) -> Any:
        self._attach(request.address)
        return Empty()

    def _attach(self, address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address)) if address else None

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        news = from_struct(request.news)
        failures = []
        if news.get("label") == "bad":
            failures.append(provider_pb2.CheckFailure(property="label", reason="it is bad"))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return self._compared(from_struct(request.olds), from_struct(request.news))

    def Configure(self, request: Any, context: Any) -> Any:
        self.config = from_struct(request.args)
        self.world.note("configure", str(unwrap(self.config).get("label", "")), args=self.config)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self.modern, acceptResources=self.modern, supportsPreview=self.modern
        )

    def Check(self, request: Any, context: Any) -> Any:
        olds, news = from_struct(request.olds), from_struct(request.news)
        plain = unwrap(news)
        if "filled" not in news:
            news["filled"] = olds.get("filled", f"auto-{_name(request.urn)}")
        failures = []
        if "check" in (plain.get("fail") or []):
            failures.append(provider_pb2.CheckFailure(property="fail", reason="it was asked to fail"))
        return provider_pb2.CheckResponse(inputs=to_struct(news), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        return self._compared(from_struct(request.old_inputs), from_struct(request.news))

    def _compared(self, olds: dict[str, Any], news: dict[str, Any]) -> Any:
        olds, news = (_unordered(side) for side in (olds, news))
        changed = [key for key in sorted({*olds, *news}) if not _alike(olds.get(key), news.get(key))]
        detailed = {}
        for key in changed:
            kind = "ADD" if key not in olds else "DELETE" if key not in news else "UPDATE"
            kind += "_REPLACE" if key in REPLACING else ""
            for path in [key] if key in REPLACING else _changed(key, olds.get(key), news.get(key)):
                number = provider_pb2.PropertyDiff.Kind.Value(kind)
                detailed[path] = provider_pb2.PropertyDiff(kind=number, inputDiff=True)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=[key for key in changed if key in REPLACING],
            deleteBeforeReplace="slot" in changed,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Any) -> Any:
        props, name = from_struct(request.properties), _name(request.urn)
        if request.preview:
            return provider_pb2.CreateResponse(properties=to_struct({**props, "serial": UNKNOWN, "token": UNKNOWN}))
        assert not has_unknown(props), props
        self._refuse("create", props, context)
        plain = unwrap(props)
        if plain.get("die"):
            print(plain["die"], flush=True)
            os._exit(3)
        if plain.get("say") and self._engine is not None:
            self._engine.Log(engine_pb2.LogRequest(severity=1, message=plain["say"], urn=request.urn))
        with self.world.lock:
            count = self.world.counts[name] = self.world.counts.get(name, 0) + 1
            id = f"{name}-{count}"
            outputs = {**props, "serial": 0, "token": f"token-of-{name}"}
            outputs.update(_texts(props))
            self.world.things[id] = {"name": name, "props": stored(outputs)}
            self.world.note("create", name, props=props, timeout=request.timeout)
        if "create" in (plain.get("partial") or []):
            self._partial(id, outputs, context)
        return provider_pb2.CreateResponse(id=id, properties=to_struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:
        inputs, state = from_struct(request.inputs), from_struct(request.properties)
        self._refuse("read", inputs, context)
        with self.world.lock:
            thing = self.world.things.get(request.id)
        if thing is None:
            return provider_pb2.ReadResponse()
        held = thing["props"]
        outputs = {
            key: state[key] if key in state and same(stored(state[key]), value) else value
            for key, value in held.items()
        }
        known = {*inputs} or {*held} - {"serial", "token"}
        kept = {key: outputs[key] for key in outputs if key in known}
        if "set" in kept:
            outputs["set"] = list(reversed(outputs["set"]))
            kept |= {"set": outputs["set"], DEFAULTS: []}
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(outputs), inputs=to_struct(kept))

    def Update(self, request: Any, context: Any) -> Any:
        news, olds, name = from_struct(request.news), from_struct(request.olds), _name(request.urn)
        serial = int(unwrap(olds).get("serial", 0)) + 1
        outputs = {**news, "serial": serial, "token": unwrap(olds).get("token"), **_texts(news)}
        if request.preview:
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))
        assert not has_unknown(news), news
        self._refuse("update", news, context)
        with self.world.lock:
            self.world.things[request.id] = {"name": name, "props": stored(outputs)}
            self.world.note("update", name, props=news, timeout=request.timeout)
        if "update" in (unwrap(news).get("partial") or []):
            self._partial(request.id, outputs, context)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:
        self._refuse("delete", from_struct(request.old_inputs), context)
        with self.world.lock:
            self.world.things.pop(request.id, None)
            self.world.note("delete", _name(request.urn), id=request.id, timeout=request.timeout)
        return Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        args = from_struct(request.args)
        failures = []
        if unwrap(args).get("fail"):
            failures.append(provider_pb2.CheckFailure(property="fail", reason="it was asked to fail"))
        response = provider_pb2.InvokeResponse(failures=failures)
        getattr(response, "return").CopyFrom(to_struct({**args, "by": unwrap(self.config).get("label", "")}))
        return response

    def Cancel(self, request: Any, context: Any) -> Any:
        if self.stopped is not None and not os.environ.get("TESTBED_STUBBORN"):
            self.stopped.set()
        return Empty()

    def _refuse(self, method: str, props: dict[str, Any], context: Any) -> None:
        if method in (unwrap(props).get("fail") or []):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{method} was asked to fail")

    def _partial(self, id: str, outputs: dict[str, Any], context: Any) -> None:
        detail = provider_pb2.ErrorResourceInitFailed(id=id, properties=to_struct(outputs), reasons=["half done"])
        status = status_pb2.Status(code=2, message="it is half done")
        status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, "it is half done")


def _unordered(props: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in props.items() if key != DEFAULTS}
    return {**rest, "set": sorted(unwrap(rest["set"]))} if "set" in rest else rest


def _alike(old: Any, new: Any) -> bool:
    if isinstance(old, Asset | Archive) and isinstance(new, Asset | Archive):
        return bool(old.hash) and old.hash == new.hash
    return same(unwrap(old), unwrap(new))


def _changed(path: str, old: Any, new: Any) -> Iterator[str]:
    """Paths of what differs, as deep as both sides have the same shape."""
    old, new = unwrap(old), unwrap(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            if not _alike(old.get(key), new.get(key)):
                yield from _changed(f'{path}["{key}"]', old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            if not _alike(one, other):
                yield from _changed(f"{path}[{index}]", one, other)
    else:
        yield path


def _texts(props: dict[str, Any]) -> dict[str, Any]:
    asset = unwrap(props.get("asset"))
    if not isinstance(asset, Asset):
        return {}
    return {"content": asset.text if asset.text is not None else Path(asset.path or "").read_text()}


def stored(value: Any) -> Any:
    """Plain JSON, as a cloud would hold it."""
    value = unwrap(value)
    if isinstance(value, dict):
        return {key: stored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [stored(item) for item in value]
    if isinstance(value, ResourceReference):
        return value.urn
    if isinstance(value, Asset | Archive):
        return {"hash": value.hash}
    return value


@contextmanager
def serving(world: World, *packages: str, **others: Any) -> Iterator[str]:
    """Serves the packages, and `others` by their servicers, in this process: yields `PULUMI_DEBUG_PROVIDERS`.

    What an instance is configured with is that of the last one: all that attach share a servicer.
    """
    servers, pairs = [], []
    for package, servicer in {**{name: Testbed(world, package=name) for name in packages}, **others}.items():
        server = grpc.server(ThreadPoolExecutor(max_workers=32))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        pairs.append(f"{package}:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        servers.append(server)
    try:
        yield ",".join(pairs)
    finally:
        for server in servers:
            server.stop(0)


def main() -> int:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        if not os.environ.get("TESTBED_STUBBORN"):
            signal.signal(number, lambda *_: stopped.set())
        else:
            signal.signal(number, signal.SIG_IGN)
    about = {"argv": sys.argv, "pid": os.getpid(), "cwd": str(Path.cwd())}
    about["env"] = {name: value for name, value in os.environ.items() if name.startswith("PULUMI_")}
    world = World(file=Path(os.environ["TESTBED_WORLD"]) / f"{os.getpid()}.json", about=about)
    world.save()
    package = "oldbed" if "oldbed" in Path(sys.argv[0]).name else "testbed"
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Testbed(world, package=package, stopped=stopped), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    stopped.wait()
    server.stop(0.2).wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
