"""The `prefect.yaml` of one check, as the stack deploys it: it is read once, and the apply deploys this reading."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.core.provider_protocol import Props
from prefect_pulumi.core.values import Secret, has_secret, same, unwrap
from prefect_pulumi.deploy.file.document import Document, read
from prefect_pulumi.deploy.file.environment import DeployEnvironment
from prefect_pulumi.deploy.file.fields import Fields, declared_fields
from prefect_pulumi.deploy.file.loader import LoadedFile, with_default_pool
from prefect_pulumi.deploy.file.resolved import ResolvedFile, StackValues, resolve_file
from prefect_pulumi.deploy.file.settings import default_pool
from prefect_pulumi.deploy.flows.inspector import ImportResult, handed_on
from prefect_pulumi.deploy.plan.fingerprint import Fingerprint, fingerprints
from prefect_pulumi.deploy.plan.step_digests import StepDigests, build_and_push

FILE_INPUTS = ("directory", "prefectFile", "commit", "overrides", "uiOwns", "env", "stepFiles", "hashKey")
"""Inputs of the resource that decide what the file says."""

Json = dict[str, Any]


@dataclass(frozen=True)
class CheckedFile:
    """`directory`: the folder that entrypoints are relative to. `flows`: entrypoint -> what its import gave.
    `step_digests`: full name -> digest of what its build and push steps read. `inputs`: the plain `FILE_INPUTS`."""

    directory: Path
    path: Path
    env: DeployEnvironment
    resolved: ResolvedFile
    flows: Mapping[str, ImportResult]
    step_digests: Mapping[str, str]
    inputs: Mapping[str, Any]

    def is_of(self, inputs: Props) -> bool:
        """Whether it was read for these inputs."""
        return same(self.inputs, _file_inputs(inputs))

    @property
    def named_entries(self) -> Iterator[tuple[str, Json]]:
        """Full name and entry, with the stack's values, in file order."""
        return zip(self.resolved.names, self.resolved.loaded.raw["deployments"], strict=True)

    def declared(self) -> dict[str, Fields]:
        """Full name -> what the entry declares, in the server's spelling."""
        shared = self.resolved.loaded.raw
        return {
            name: declared_fields(
                self.env.resolved(entry),
                self.env.resolved(entry["pull"] if "pull" in entry else shared.get("pull")),
                self.resolved.ui[name],
            )
            for name, entry in self.named_entries
        }

    @cached_property
    def places(self) -> dict[str, tuple[str, str]]:
        """Full name -> work pool and work queue, "" for one that the entry does not name."""
        places = {}
        for name, entry in self.named_entries:
            pool = unwrap(self.env.resolved(entry).get("work_pool")) or {}
            places[name] = (pool.get("name") or "", pool.get("work_queue_name") or "")
        return places

    def fingerprints(self, key: str, target: str) -> dict[str, Fingerprint]:
        """Full name -> all that its deploy depends on; `target`: address of the API."""
        files = {name: result.files for name, result in self.flows.items() if result.flow}
        return fingerprints(
            self.resolved,
            self.directory,
            self.env,
            key=key,
            target=target,
            step_digests=self.step_digests,
            files=files,
        )


def place_of(root: Path, inputs: Props) -> tuple[Path, Path]:
    """The folder of the flows and the path of the file."""
    directory = root / str(unwrap(inputs.get("directory", ".")))
    return directory, directory / str(unwrap(inputs.get("prefectFile", "prefect.yaml")))


def path_in_project(root: Path, inputs: Props) -> str:
    """The file's path from the project's root, its name where it is elsewhere."""
    path = place_of(root, inputs)[1]
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def read_file(root: Path, inputs: Props) -> Document:
    """The file with Prefect's default work pool in the entries that name none. Raises `PreflightError`."""
    directory, path = place_of(root, inputs)
    return with_default_pool(read(path), default_pool(directory, {**os.environ, **unwrap(inputs.get("env", {}))}))


def environment(inputs: Props) -> DeployEnvironment:
    """What `{{ $NAME }}` reads: this process's environment without settings of Prefect and Pulumi, then `env`."""
    given = inputs.get("env", {})
    values = handed_on(os.environ)
    plain = unwrap(given)
    if isinstance(given, Secret):
        marked = frozenset(plain)
    else:
        marked = frozenset(name for name, value in given.items() if has_secret(value))
    return DeployEnvironment({**values, **plain}, marked)


def checked_file(
    root: Path, inputs: Props, loaded: LoadedFile, env: DeployEnvironment, flows: Mapping[str, ImportResult]
) -> CheckedFile:
    """`loaded` with the stack's values. Raises `PreflightError` with what is wrong with these."""
    directory, path = place_of(root, inputs)
    values = StackValues(
        unwrap(inputs.get("overrides", {})), unwrap(inputs.get("uiOwns", [])), unwrap(inputs.get("commit"))
    )
    names = {entrypoint: result.flow for entrypoint, result in flows.items()}
    resolved = resolve_file(loaded, directory, values, env.values, names)
    if resolved.faults:
        raise PreflightError(resolved.faults, where=path.name)
    digests = _step_digests(directory, path, inputs, resolved, env)
    return CheckedFile(directory, path, env, resolved, flows, digests, _file_inputs(inputs))


def _step_digests(
    directory: Path, path: Path, inputs: Props, resolved: ResolvedFile, env: DeployEnvironment
) -> dict[str, str]:
    own = path.relative_to(directory).as_posix() if path.is_relative_to(directory) else ""
    digests, key = StepDigests(directory, unwrap(inputs.get("stepFiles", [])), own), unwrap(inputs["hashKey"])
    raw = resolved.loaded.raw
    return {
        name: digests.digest(build_and_push(entry, raw), env, key)
        for name, entry in zip(resolved.names, raw["deployments"], strict=True)
    }


def _file_inputs(inputs: Props) -> dict[str, Any]:
    return {name: unwrap(inputs.get(name)) for name in FILE_INPUTS}
