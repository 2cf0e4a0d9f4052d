"""What the kubernetes package's own plugin would do with the program's graph, from the registered inputs alone.

Objects are applied by the server (`PATCH` with `application/apply-patch+yaml`, force), and read back in the shape of
their inputs, as that plugin does. A deployment is waited for where the cluster has a node.
"""

from __future__ import annotations

import json
import ssl
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import httpx
import yaml

from prefect_pulumi.core.errors import PartialFailureError, PrefectPulumiError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    DiffResult,
    ReadRequest,
    ReadResult,
    UpdateRequest,
)
from prefect_pulumi.core.values import Secret, has_unknown, same, unwrap
from tests.components.graphs import SchemaProvider

GROUPS = {"v1": "/api/v1"}
MANAGER = "prefect-pulumi-tests"
WAIT_SECONDS = 180.0
FIXED = {"Deployment": ("spec.selector",), "RoleBinding": ("roleRef",)}
"""Kind -> what the server never changes in an object."""


def path_of(manifest: dict[str, Any]) -> str:
    """An object's address on the API server."""
    version, kind, metadata = manifest["apiVersion"], manifest["kind"], manifest["metadata"]
    folder = GROUPS.get(version, f"/apis/{version}")
    if "namespace" in metadata:
        folder += f"/namespaces/{metadata['namespace']}"
    return f"{folder}/{kind.lower()}s/{metadata['name']}"


class ClusterProvider(SchemaProvider):
    """Applies, reads and deletes on the cluster of `kubeconfig` what is registered, nothing more."""

    def __init__(self, kubeconfig: Path) -> None:
        super().__init__("kubernetes")
        content = yaml.safe_load(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        trust = ssl.create_default_context(cadata=b64decode(cluster["certificate-authority-data"]).decode())
        bearer = {"Authorization": f"Bearer {user['token']}"}
        self.api = httpx.Client(base_url=cluster["server"], headers=bearer, verify=trust, timeout=60)

    def diff(self, request: DiffRequest) -> DiffResult:
        old, new = flat(request.old_inputs), flat(request.new_inputs)
        names = [
            name for name in {**old, **new} if name not in old or name not in new or not same(old[name], new[name])
        ]
        changed = sorted({*names, *(name for name, value in new.items() if has_unknown(value))})
        if not changed:
            return DiffResult(Changes.NONE)
        kind = unwrap(dict(request.new_inputs))["kind"]
        fixed = ("metadata.name", "metadata.namespace", *FIXED.get(kind, ()))
        replaces = tuple(name for name in changed if name.startswith(fixed))
        kinds = {name: DiffKind.UPDATE_REPLACE if name in replaces else DiffKind.UPDATE for name in changed}
        return DiffResult(Changes.SOME, kinds, replaces, delete_before_replace=bool(replaces))

    def create(self, request: CreateRequest) -> CreateResult:
        if request.preview:
            return super().create(request)
        live = self._apply(unwrap(dict(request.inputs)))
        return CreateResult(_id(live), {**request.inputs, **_facts(live)})

    def update(self, request: UpdateRequest) -> dict[str, Any]:
        if request.preview:
            return super().update(request)
        return {**request.new_inputs, **_facts(self._apply(unwrap(dict(request.new_inputs))))}

    def read(self, request: ReadRequest) -> ReadResult:
        answer = self.api.get(path_of(unwrap(dict(request.inputs))))
        if answer.status_code == 404:
            return ReadResult("", {}, {})
        live = _checked(answer)
        inputs = shaped(live, dict(request.inputs))
        return ReadResult(request.id, inputs, {**inputs, **_facts(live)})

    def delete(self, request: DeleteRequest) -> None:
        path = path_of(unwrap(dict(request.inputs)))
        answer = self.api.request("DELETE", path, params={"propagationPolicy": "Foreground"})
        end = time.monotonic() + WAIT_SECONDS
        while answer.status_code != 404:
            _checked(answer)
            if time.monotonic() > end:
                raise PrefectPulumiError(f"{path} is not deleted: {json.dumps(answer.json().get('status'))}")
            time.sleep(0.3)
            answer = self.api.get(path)

    def close(self) -> None:
        self.api.close()

    def _apply(self, manifest: dict[str, Any]) -> Any:
        path, headers = path_of(manifest), {"Content-Type": "application/apply-patch+yaml"}
        parameters = {"fieldManager": MANAGER, "force": "true"}
        answer = self.api.patch(path, params=parameters, content=json.dumps(manifest), headers=headers)
        live = _checked(answer)
        if manifest["kind"] == "Deployment" and _checked(self.api.get("/api/v1/nodes"))["items"]:
            self._wait(path)
        return live

    def _wait(self, path: str) -> None:
        """Until every replica is a new and available one, as the plugin does."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            live = _checked(self.api.get(path))
            status, wanted = live.get("status", {}), live["spec"]["replicas"]
            counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
            if status.get("observedGeneration", 0) >= live["metadata"]["generation"] and counts == [wanted] * 3:
                return
            if time.monotonic() > end:
                reasons = [each["message"] for each in status.get("conditions", ()) if each["status"] != "True"]
                message = f"the deployment {live['metadata']['name']} has no {wanted} available replicas"
                raise PartialFailureError(message, id=_id(live), outputs=_facts(live), reasons=reasons)
            time.sleep(0.5)


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Dotted path -> leaf; a list is a leaf."""
    if isinstance(value, dict) and (value or not path):
        pairs = (flat(each, f"{path}.{key}" if path else key) for key, each in value.items() if key != "__defaults")
        return {key: leaf for part in pairs for key, leaf in part.items()}
    return {path: value}


def shaped(live: Any, inputs: Any) -> Any:
    """What `live` has where `inputs` has anything; a list of another length is taken whole."""
    if isinstance(inputs, Secret):
        return Secret(shaped(live, inputs.value))
    if isinstance(inputs, dict) and isinstance(live, dict):
        return {key: shaped(live[key], value) for key, value in inputs.items() if key in live}
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        return [shaped(*pair) for pair in zip(live, inputs, strict=True)]
    return live


def _id(live: Any) -> str:
    metadata = live["metadata"]
    return "/".join(metadata[key] for key in ("namespace", "name") if key in metadata)


def _facts(live: Any) -> dict[str, Any]:
    """What only the server knows: it changes without anybody's doing."""
    return {"status": live["status"]} if "status" in live else {}


def _checked(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise PrefectPulumiError(f"the cluster refuses {answer.request.url.path}: {answer.json().get('message')}")
    return answer.json()
