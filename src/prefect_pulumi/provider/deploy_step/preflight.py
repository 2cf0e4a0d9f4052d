"""The preflight of the deploy step: what `deploy.checks` needs, gathered from program, server and imports."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect_pulumi.api.loopback import is_loopback, refusal
from prefect_pulumi.core.errors import ApiError, ServerUnavailableError
from prefect_pulumi.deploy.checks.context import DeployContext, Pool, References, references
from prefect_pulumi.deploy.checks.lookup import LookupResult, look_up
from prefect_pulumi.deploy.checks.steps import functions
from prefect_pulumi.deploy.checks.suite import CheckReport, check_all, entrypoints, resolved
from prefect_pulumi.deploy.file.document import Document, plain
from prefect_pulumi.deploy.file.loader import normal
from prefect_pulumi.deploy.flows.inspector import FlowInspector, ImportResult
from prefect_pulumi.deploy.flows.requirements import requirements
from prefect_pulumi.project import layout
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.run import ProgramRun

IMPORT_SECONDS = 60.0


@dataclass(frozen=True)
class PreflightOptions:
    """The step's own inputs, besides what the program declares.

    `pools` and `queues` ('pool/queue') are names that it lists; None: not known yet. `here`: pools that workers of this
    machine serve. `plain`: environment variables and blocks ('type/name') that may be stored as plain text; `secrets`:
    texts that may not; `seconds`: how long one import may take; `worker_packages`: what only the workers have
    installed; `strict`: warnings are errors.
    """

    pools: Collection[str] | None = ()
    here: Collection[str] = ()
    queues: Collection[str] | None = ()
    plain: Collection[str] = ()
    secrets: Collection[str] = ()
    seconds: float = IMPORT_SECONDS
    worker_packages: Collection[str] = ()
    strict: bool = False


class Preflight:
    """The checks of one file. `root` is the project's folder, `directory` that of the flows."""

    def __init__(
        self,
        root: Path,
        connection: Connection,
        run: ProgramRun,
        directory: Path,
        env: Mapping[str, str],
        options: PreflightOptions,
    ) -> None:
        self.root = root
        self.connection = connection
        self.run = run
        self.directory = directory
        self.env = env
        self.options = options
        self._inspector: FlowInspector | None = None

    def imports(self, document: Document, data: Mapping[str, Any] | None = None) -> dict[str, ImportResult]:
        """What the file's entrypoints and steps are. `data`: with the stack's values. One child process imports all
        that is not remembered from the last time; its memory is a cache, one for each file."""
        raw = plain(normal(document.data if data is None else data))
        if self._inspector is None:
            key = hashlib.sha256(str(document.path.resolve()).encode()).hexdigest()[:12]
            cache = layout.flows_cache(self.root, key)
            self._inspector = FlowInspector(
                self.directory, cache, self.env, limit=self.options.seconds, interpreter=self.run.interpreter
            )
        return self._inspector.inspect(entrypoints(resolved(raw, self.env), self.directory), functions(raw))

    def check(self, document: Document, data: Mapping[str, Any]) -> CheckReport:
        """`data`: the document's plain data with the stack's values."""
        context = self.context(references(resolved(plain(normal(data)), self.env)))
        flows = self.imports(document, data)
        return check_all(document, data, self.directory, flows=flows, context=context, env=self.env)

    def keep(self) -> None:
        """Remembers what was imported: only of a file without faults, since bad input leaves nothing written."""
        if self._inspector is not None:
            self._inspector.keep()

    def context(self, wanted: References) -> DeployContext:
        declared, options = self.run.declared, self.options
        here = {*declared.workers, *options.here}
        listed = {name: Pool() for name in options.pools or ()}
        own = declared.pools_of(wanted.templates)
        queues = {*declared.queues, *(_split(queue) for queue in options.queues or ())}
        # Where the program gives no template, the live one counts.
        templateless = declared.templateless & wanted.templates
        undeclared = References(
            frozenset(name for name in wanted.pools if name not in own or name in templateless),
            wanted.queues - queues,
            frozenset(key for key in wanted.blocks if key not in declared.blocks),
            wanted.block_ids,
            frozenset(name for name in wanted.variables if name not in declared.variables),
        )
        live, unanswered = self._ask(undeclared)
        for name in templateless & set(live.pools):
            own[name] = replace(own[name], variables=live.pools[name].variables)
        pools = {**listed, **live.pools, **own}
        return DeployContext(
            pools={name: replace(pool, here=name in here) for name, pool in pools.items()},
            queues=frozenset(queues | live.queues),
            blocks={**live.blocks, **declared.blocks},
            block_ids=live.block_ids,
            variables={**live.variables, **declared.variables},
            unanswered=unanswered,
            known_pools=options.pools is not None,
            on_this_machine=is_loopback(self.connection.api_url),
            cloud=self.connection.cloud,
            secrets=frozenset({*declared.secrets, *options.secrets, *self.connection.settings.secrets}),
            plain=frozenset(options.plain),
            worker_packages=frozenset(options.worker_packages),
            requirements=requirements(dict.fromkeys((self.directory, self.root))),
            strict=options.strict,
        )

    def _ask(self, wanted: References) -> tuple[LookupResult, str]:
        """What the server has of `wanted`, and why it could not be asked."""
        if not any((wanted.pools, wanted.queues, wanted.blocks, wanted.block_ids, wanted.variables)):
            return LookupResult(), ""
        if not self.connection.known:
            # The server is created by this very update: it has nothing yet.
            return LookupResult(), ""
        if self.run.unanswered is None and self._new_here():
            return LookupResult(), ""
        if self.run.unanswered:
            return LookupResult(), self.run.unanswered
        try:
            result = look_up(self.connection.client(), wanted)
        except ServerUnavailableError as error:
            self.run.unanswered = f"{self.connection.api_url} does not answer ({error.message})"
            return LookupResult(), self.run.unanswered
        except ApiError as error:
            return LookupResult(), f"{self.connection.api_url} refused the question ({error.message})"
        self.run.unanswered = ""
        return result, ""

    def _new_here(self) -> bool:
        """Whether the server is one of this machine that is still to be made: nothing listens, and no data lie here.

        One that was stopped is remembered as unanswered, without waiting for it.
        """
        error = refusal(self.connection.api_url)
        if error is None:
            return False
        if not layout.has_server(self.root):
            return True
        self.run.unanswered = f"{self.connection.api_url} does not answer ({error.strerror or error})"
        return False


def _split(queue: str) -> tuple[str, str]:
    pool, _, name = queue.partition("/")
    return pool, name
