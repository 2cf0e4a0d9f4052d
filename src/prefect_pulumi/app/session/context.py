"""What the engine needs for an operation on one stack: config, secrets, providers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from prefect_pulumi.api.connection_settings import connection_settings
from prefect_pulumi.app.session.local_server import StackServers
from prefect_pulumi.core.masking import Masker, current
from prefect_pulumi.core.provider_protocol import Provider
from prefect_pulumi.core.values import Secret
from prefect_pulumi.engine.run.events import CommandSink, Message, Sink, SinkHost
from prefect_pulumi.engine.run.providers import Loader
from prefect_pulumi.engine.update import StackContext
from prefect_pulumi.project.passphrase import read_passphrase
from prefect_pulumi.project.stack import Stack

if TYPE_CHECKING:
    from prefect_pulumi.interpreter.interpreters import WarmInterpreter

CREDENTIALS = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_CLIENT_SECRET",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "GOOGLE_CREDENTIALS",
)
"""Of the bucket that has the state."""


def engine_context(
    stack: Stack,
    sink: Sink,
    *,
    write: bool,
    output: TextIO | None = None,
    only: Mapping[str, frozenset[str]] | None = None,
    adopt: bool = False,
) -> StackContext:
    """Everything that the engine needs. With `write` a missing passphrase or salt is created, and kept with the first
    write of the state; without it the Prefect provider's HTTP client refuses every request that could write.

    `output` takes what the program prints; None: the standard output of this process. `only`: URN of a deploy step ->
    the deployments that it may touch; `adopt`: it takes over those that belong to no stack.
    """
    masker = current()
    sink = CommandSink(sink, masker)
    secrets = stack.secrets() if write else None
    manager = secrets.manager if secrets is not None else stack.manager(write=False)
    passphrase = secrets.passphrase if secrets is not None else read_passphrase(stack)[0]
    values, secret_keys = stack.config.values(manager)
    prefect_settings = connection_settings({}, os.environ, stack.root)
    _teach_masker(masker, [*stack.config.secret_texts(manager), passphrase, *prefect_settings.secrets])

    def package_config(package: str) -> dict[str, Any]:
        """Inputs of a default provider: the stack's config in the package's namespace."""
        prefix = package + ":"
        return {
            key.removeprefix(prefix): Secret(value) if key in secret_keys else value
            for key, value in values.items()
            if key.startswith(prefix)
        }

    return StackContext(
        project=stack.project.name,
        stack=stack.name,
        program=stack.program,
        config=values,
        secret_keys=frozenset(secret_keys),
        backend=stack.backend,
        manager=manager,
        loader=_loader(stack, sink, package_config, write=write, only=only, adopt=adopt),
        package_config=package_config,
        sink=sink,
        output=output,
        servers=StackServers(stack, lambda line: sink.emit(Message("info", line))),
        masker=masker,
        keep_secrets=secrets.keep if secrets is not None else lambda: None,
    )


def _teach_masker(masker: Masker, own: Iterable[str]) -> None:
    """What is secret before anything runs: the stack's `own` texts, and the environment's credentials."""
    for text in (*own, *(os.environ.get(name, "") for name in CREDENTIALS)):
        masker.learn_text(text)


def _loader(
    stack: Stack,
    sink: Sink,
    package_config: Callable[[str], dict[str, Any]],
    *,
    write: bool,
    only: Mapping[str, frozenset[str]] | None,
    adopt: bool,
) -> Loader:
    """`prefect` runs in this process, `pulumi` is part of the engine, every other package is a plugin."""
    host = SinkHost(sink)
    plugins: list[Any] = []

    @cache
    def interpreter() -> WarmInterpreter:
        from prefect_pulumi.deploy.prefect_interpreter import prefect_interpreter

        return prefect_interpreter()

    def load(package: str, version: str, url: str, checksums: Mapping[str, str]) -> Provider:
        if package == "prefect":
            from prefect_pulumi.provider.provider import PrefectProvider

            return PrefectProvider(
                stack.root,
                host,
                read_only=not write,
                only=only,
                adopt=adopt,
                journaled=True,
                interpreter=interpreter(),
            )
        if package == "pulumi":
            from prefect_pulumi.app.session.stack_references import outputs_of_stacks
            from prefect_pulumi.engine.sdk.builtins import BuiltinProvider

            return BuiltinProvider(outputs_of_stacks(stack, host))
        from prefect_pulumi.plugins.loader import PluginLoader
        from prefect_pulumi.plugins.locations import LocalPlugin, Wanted

        if not plugins:
            plugins.append(
                PluginLoader(
                    project=stack.project.name,
                    program=stack.program,
                    host=host,
                    package_config=package_config,
                    local=[LocalPlugin(p.name, stack.root / p.path, p.version) for p in stack.project.plugins],
                    runtime_options=stack.project.runtime_options,
                )
            )
        loader: PluginLoader = plugins[0]
        return loader.load(Wanted(package, version, url, checksums))

    return load
