"""The running stack's environment, as its program reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi

from prefect_pulumi.components.registered import remember
from prefect_pulumi.project import git, layout
from prefect_pulumi.project.secret_settings import SecretField, SecretSettings, SettingsError
from prefect_pulumi.project.secret_sources import outside_value
from prefect_pulumi.project.settings import Environment, parse_environment


class ProgramSettingsError(SettingsError, pulumi.RunError):
    """Bad stack config, found by the program. As a `RunError` the official CLI prints its message alone, without a
    traceback."""


def load_environment() -> Environment:
    """The running stack's environment. Raises `SettingsError` with every fault: file, key and remedy."""
    remember()
    stack = pulumi.get_stack()
    try:
        raw = pulumi.Config().get_object("environment")
    except pulumi.ConfigTypeError:
        raise ProgramSettingsError(
            "the key must be a mapping",
            where=f"Pulumi.{stack}.yaml: config.{pulumi.get_project()}:environment",
            remedy="see docs/configuration.md for every key",
        ) from None
    if raw is None:
        raise ProgramSettingsError(
            "the key is missing",
            where=f"Pulumi.{stack}.yaml: config.{pulumi.get_project()}:environment",
            remedy="declare at least `server: {embedded: true}` or `server: {api_url: ...}` under it",
        )
    try:
        environment = parse_environment(raw, stack)
    except SettingsError as error:
        raise ProgramSettingsError(error.message, where=error.where, remedy=error.remedy) from None
    return released(environment, stack)


def released(environment: Environment, stack: str) -> Environment:
    """A pinned stack is deployed by the program of the pinned commit, with that release's images."""
    pin = environment.release
    if pin is None:
        return environment
    revision = git.revision(layout.find_project(Path.cwd()) or Path.cwd())
    if revision.exact != pin.commit:
        raise ProgramSettingsError(
            f"the stack is pinned to the release of commit {pin.commit[:12]}, and "
            + (revision.unclean or f"this program is of {revision.commit[:12]}"),
            where=f"Pulumi.{stack}.yaml: environment.release",
            remedy=f"infra up -s {stack}, or: pulumi -C $(infra release checkout -s {stack}) up -s {stack}",
        )
    pools = {
        name: pool.model_copy(update={"workers": pool.workers.model_copy(update={"image": pin.images[name]})})
        if name in pin.images and pool.workers.count and pool.runs_in != "process"
        else pool
        for name, pool in environment.pools.items()
    }
    return environment.model_copy(update={"pools": pools})


def secret_value(name: str, settings: SecretSettings, key: str = "") -> pulumi.Output[Any]:
    """The secret's value, marked secret; a missing one is named with all the ways to give it. `name`: the stack's
    secret that holds it. `key`: where the settings stand below `environment`, by default among `secrets`.

    A preview says where a value from outside the stack comes from.
    """
    where = place(key or f"secrets.{name}")
    text = _secret_text(name, settings, where)
    return text if settings.format == "text" else text.apply(lambda value: _parsed(value, name, where))


def _secret_text(name: str, settings: SecretSettings, where: str) -> pulumi.Output[str]:
    try:
        outside = outside_value(settings, layout.find_project(Path.cwd()) or Path.cwd(), where)
    except SettingsError as error:
        raise ProgramSettingsError(error.message, where=error.where, remedy=error.remedy) from None
    if outside is not None:
        if pulumi.runtime.is_dry_run():
            pulumi.log.info(f"the secret {name} comes from {settings.source}")
        return pulumi.Output.secret(outside)
    stored = pulumi.Config().get_secret(name)
    if stored is not None:
        return stored
    if settings.default is not None:
        return pulumi.Output.secret(settings.default)
    variable = f"set {settings.env} in the environment, or " if settings.env else ""
    raise ProgramSettingsError(
        f"the secret {name!r} has no value",
        where=where,
        remedy=f"{variable}run: infra config set --secret {name} -s {pulumi.get_stack()}",
    )


def _parsed(text: str, name: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ProgramSettingsError(
            f"the secret {name!r} is no JSON", where=where, remedy="correct it, or leave out `format: json`"
        ) from None


def field_value(block: str, path: tuple[str, ...], settings: SecretField) -> pulumi.Output[Any]:
    """The secret that stands in the data of a block (`type/name`) at a path."""
    name = settings.config or "-".join([*block.split("/"), *path])
    return secret_value(name, settings, f"blocks.{block}.data.{'.'.join(path)}")


def place(key: str) -> str:
    """File and key of a setting below `environment`, for errors."""
    return f"Pulumi.{pulumi.get_stack()}.yaml: environment.{key}"
