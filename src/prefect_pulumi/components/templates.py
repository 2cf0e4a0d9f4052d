"""Base job templates: the worker type's own, with the stack's defaults in place of its own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from prefect_pulumi.core.suggestions import suggestion
from prefect_pulumi.models.worker_types import worker_types


class TemplateError(ValueError):
    """`faults`: one complete line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n  ".join(faults))
        self.faults = faults


def base_job_template(
    worker_type: str,
    defaults: Mapping[str, Any],
    env_from_blocks: Mapping[str, str] | None = None,
    own: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The type's template in which each of `defaults` is the default of the variable of that name.

    `own`: that template, None for the one that Prefect ships. `env_from_blocks`: environment variable -> Secret block;
    the worker puts the value in when a run starts. Raises `TemplateError` for an unknown type, an unknown variable, or
    a value that the variable's schema does not take.
    """
    known = worker_types() if own is None else {worker_type: dict(own)}
    if worker_type not in known:
        raise TemplateError([f"there is no base job template for the type {worker_type!r}; known: {', '.join(known)}"])
    template = copy.deepcopy(known[worker_type])
    if worker_type == "kubernetes":
        _correct(template["job_configuration"]["job_manifest"]["spec"])
    wanted = dict(defaults)
    if env_from_blocks:
        blocks = {name: f"{{{{ prefect.blocks.secret.{block} }}}}" for name, block in env_from_blocks.items()}
        wanted["env"] = {**wanted.get("env", {}), **blocks}
    faults = _faults(template["variables"], wanted)
    if faults:
        raise TemplateError(faults)
    for name, value in wanted.items():
        template["variables"]["properties"][name]["default"] = value
    return template


def merge_patch(target: Any, patch: Any) -> Any:
    """`target` with a JSON merge patch (RFC 7396) applied: mappings are merged, null takes a key away."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def _correct(job: dict[str, Any]) -> None:
    """prefect-kubernetes puts these two into the pod's spec, where Kubernetes drops them: they are the job's."""
    pod = job["template"]["spec"]
    for name in ("parallelism", "completions"):
        if name in pod:
            job[name] = pod.pop(name)


def _faults(schema: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    import jsonschema

    faults = []
    properties = schema["properties"]
    for name in wanted:
        if name not in properties:
            hint = suggestion(name, properties, f"it has {', '.join(properties)}")
            faults.append(f"{name}: the base job template has no such variable; {hint}")
    whole = {"definitions": schema.get("definitions", {}), "type": "object", "properties": properties}
    checked = {name: value for name, value in wanted.items() if name in properties}
    for error in jsonschema.Draft7Validator(whole).iter_errors(checked):
        faults.append(f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message}")
    return sorted(faults)
