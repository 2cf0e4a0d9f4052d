"""Users, service accounts, teams and roles of an account on Prefect Cloud, by the names that people give them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.core.errors import ProviderError
from prefect_pulumi.core.suggestions import suggestion, with_hint
from prefect_pulumi.provider.connection import Connection

WORDS = {
    "user": "user",
    "service_account": "service account",
    "team": "team",
    "workspace_role": "workspace role",
    "account_role": "account role",
}
_LISTS = {
    "user": "account_memberships",
    "service_account": "bots",
    "team": "teams",
    "workspace_role": "workspace_roles",
    "account_role": "account_roles",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """`id`: UUID of the user, service account, team or role; `actor`: UUID by which access lists name it (a team's is
    its own). `names`: all that people call it; `known_as`: the one that is shown."""

    kind: str
    id: str
    actor: str
    known_as: str
    names: frozenset[str]

    @staticmethod
    def of(kind: str, row: Mapping[str, Any]) -> Entry:
        """From the rows of the account's lists."""
        names = person_names(row) if kind == "user" else [row["name"]]
        id = str((row.get("user_id") if kind == "user" else None) or row["id"])
        actor = str(row.get("actor_id") or id)
        return Entry(kind, id, actor, names[0], frozenset({id, actor, *names}))


def person_names(row: Mapping[str, Any]) -> list[str]:
    """Email, handle and full name of a user, as far as there are any."""
    full = " ".join(part for part in (row.get("first_name"), row.get("last_name")) if part)
    return [name for name in (row.get("email"), row.get("handle"), full) if name] or [str(row["id"])]


class Directory:
    """The account's lists. What reads may use those of a moment before; what writes reads them again. Safe to share
    between threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str], list[Entry]] = {}

    def entries(self, account: str, kind: str, *, again: bool = False) -> list[Entry]:
        """`account`: its address. POST account_memberships/filter, bots/filter, teams/filter, ..."""
        key = (account, kind)
        with self._lock:
            if again or key not in self._entries:
                body = {"only_users": True} if kind == "user" else {}
                rows = self._connection.client().paged(f"{account}/{_LISTS[kind]}/filter", body)
                self._entries[key] = [Entry.of(kind, row) for row in rows]
            return self._entries[key]

    def matching(self, account: str, kind: str, name: str) -> list[Entry]:
        """Those of that name or UUID, as the lists were a moment ago."""
        return [entry for entry in self.entries(account, kind) if name in entry.names]

    def entry(self, account: str, kind: str, name: str) -> Entry:
        """The one of that name or UUID, as the lists are now. Raises `ProviderError` for none, and for several."""
        entries = self.entries(account, kind, again=True)
        chosen = [entry for entry in entries if name in entry.names]
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            raise ProviderError(
                f"several {WORDS[kind]}s of the account are called '{name}'",
                remedy=f"give the UUID of one: {', '.join(entry.id for entry in chosen[:3])}",
            )
        near = suggestion(name, [text for entry in entries for text in entry.names])
        raise ProviderError(
            with_hint(f"the account has no {WORDS[kind]} '{name}'", near),
            remedy="correct the name, or declare it in the program and refer to it",
        )
