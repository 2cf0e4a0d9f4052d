"""What a preview says of a plan for Prefect Cloud before anything is touched: who the key is, what its role may not
do, what the account's plan allows, and how long the requests may take."""

from __future__ import annotations

import threading
from collections import Counter
from functools import cached_property

from prefect_pulumi.api.cloud import REQUESTS_A_CHANGE, REQUESTS_A_MINUTE
from prefect_pulumi.api.cloud_access import CloudAccess
from prefect_pulumi.core.errors import PrefectPulumiError, ProviderError, ServerUnavailableError
from prefect_pulumi.core.provider_protocol import ProviderHost
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Handler

_LIMITED = {"Automation": "automations", "WorkPool": "work pools", "Deployment": "deployments in a workspace"}


class CloudPlan:
    """The changes that one preview has planned so far. Safe to share between threads."""

    def __init__(self, connection: Connection, host: ProviderHost) -> None:
        self._connection, self._host = connection, host
        self._lock = threading.Lock()
        self._planned: set[str] = set()
        self._new: Counter[str] = Counter()
        self._greeted = False

    @cached_property
    def _access(self) -> CloudAccess:
        return CloudAccess(self._connection.api_url, self._connection.client)

    def add(self, urn: str, handler: Handler, *, creates: bool) -> None:
        """A change that is planned. Raises `ProviderError` where the key's role may not make it."""
        if not self._connection.cloud:
            return
        requests = handler.requests(creates=creates)
        if not (requests or handler.model.on_server):
            return
        with self._lock:
            known = urn in self._planned
            self._planned.add(urn)
            count = len(self._planned)
            subject = _LIMITED.get(handler.model.kind, "") if creates and not known else ""
            self._new[subject] += bool(subject)
            new = self._new[subject]
        if not known:
            self._pace(count)
        if not self._connection.known or not self._connection.settings.api_key:
            return
        try:
            lacking = self._access.lacking(requests)
            self._greet()
            if lacking:
                raise self._refusal(handler, lacking)
            self._limit(subject, new)
        except ServerUnavailableError:
            return  # its own reads say so

    def _pace(self, count: int) -> None:
        least, most = REQUESTS_A_MINUTE
        if count == least // REQUESTS_A_CHANGE + 1:
            self._host.log(
                "warning",
                f"more than {least // REQUESTS_A_CHANGE} changes: Prefect Cloud takes {least} to {most} requests a "
                "minute, by the account's plan; the update waits for it where that is reached",
            )

    def _greet(self) -> None:
        with self._lock:
            greeted, self._greeted = self._greeted, True
        if not greeted:
            self._host.log("info", f"signed in to Prefect Cloud as {self._access.who}")

    def _limit(self, subject: str, new: int) -> None:
        """Once, with the first that is too many: the plan may have more."""
        limit = self._access.limit(subject) if subject else None
        if limit is not None and (there := self._access.count(subject)) + new == max(limit, there) + 1:
            self._host.log(
                "warning",
                f"the account's plan allows {limit} {subject}; there are {there}, and this plan makes {new} or more: "
                "Prefect Cloud may refuse them",
            )

    def _refusal(self, handler: Handler, lacking: list[str]) -> PrefectPulumiError:
        return ProviderError(
            f"{self._access.who} may not write objects of kind {handler.model.kind} in this workspace of Prefect Cloud",
            where=self._connection.api_url,
            remedy=f"give its role there the scopes {', '.join(lacking)}, or use the key of another account",
        )
