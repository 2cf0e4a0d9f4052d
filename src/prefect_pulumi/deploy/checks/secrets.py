"""Secrets that `prefect deploy` would store on the server as plain text; pure.

Prefect resolves blocks and environment variables of an entry when it deploys, and stores what comes out. In pull steps
blocks stay references, environment variables do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prefect_pulumi.deploy.checks.findings import STEP_KEYS, Entry, Findings, Subject, step_list
from prefect_pulumi.deploy.file.document import Keys
from prefect_pulumi.deploy.file.placeholders import Placeholder, Source, find, texts

SECRET_NAME = re.compile(
    r"(^|_)(TOKEN|SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|PRIVATE_KEY|SECRET_KEY|ACCESS_KEY|CREDENTIALS?|"
    r"AUTH_STRING|CONNECTION_STRING|DSN)(_\d+)?$|.+_PWD$",
    re.IGNORECASE,
)
"""Environment variables that hold a secret, by their names."""

LEAST = 6
"""Characters that a secret must have to be looked for inside a text."""

CREDENTIALS_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@{}]*:[^/\s@{}]+@", re.IGNORECASE)

CLEAR_ARGUMENTS = frozenset({"access_token", "password", "token", "secret"})


def check_secrets(subject: Subject, findings: Findings) -> None:
    for entry in subject.entries:
        fields = {key: value for key, value in entry.raw.items() if key not in STEP_KEYS}
        for place, text in texts(fields, entry.keys):
            for placeholder in find(text):
                reason = _reason(subject, placeholder)
                if reason:
                    remedy = _remedy(entry, place, placeholder)
                    findings.fault(place, f"{reason} and would be stored as plain text; {remedy}{_unless(reason)}")
            if _holds_secret(subject, text):
                findings.fault(
                    place, f"it holds a secret, which would be stored as plain text; {_remedy(entry, place, None)}"
                )
        _references(subject, findings, entry)
    for keys, kind, steps in subject.sections():
        if kind == "pull":
            _pull(subject, findings, keys, steps)


def _reason(subject: Subject, placeholder: Placeholder) -> str:
    context, name = subject.context, placeholder.name
    if placeholder.source is Source.BLOCK:
        slug, block, path = placeholder.block
        if not block or f"{slug}/{block}" in context.plain:
            return ""
        if slug == "secret":
            return f"the Secret block {block} is resolved by the deploy"
        known = context.blocks.get((slug, block))
        first = path.split(".", 1)[0].split("[", 1)[0]
        if known and first in known.secret_fields:
            return f"{first} of the block {slug}/{block} is secret and resolved by the deploy"
        if known and known.secret_fields and not first:
            fields = ", ".join(sorted(known.secret_fields))
            return f"the block {slug}/{block} holds secrets ({fields}), is resolved by the deploy"
    if placeholder.source is Source.ENVIRONMENT and name not in context.plain:
        value = subject.env.get(name, "")
        if value and any(secret in value for secret in context.secrets if len(secret) >= LEAST):
            return f"the environment variable {name} holds a secret of this stack"
        if SECRET_NAME.search(name):
            return f"the environment variable {name} is a secret by its name"
    return ""


def _unless(reason: str) -> str:
    return "; if it is none, list it in plain_text" if reason.endswith("by its name") else ""


def _holds_secret(subject: Subject, text: str) -> bool:
    return any(secret in text for secret in subject.context.secrets if len(secret) >= LEAST)


def _remedy(entry: Entry, keys: Keys, placeholder: Placeholder | None) -> str:
    """What keeps the value out of the deployment, by the place where it stands."""
    of_block = placeholder is not None and placeholder.source is Source.BLOCK
    slug, block, _ = placeholder.block if placeholder and of_block else ("secret", "NAME", "")
    if "job_variables" in keys:
        after = list(keys)[list(keys).index("job_variables") + 1 :]
        if len(after) == 2 and after[0] == "env" and slug == "secret":
            return (
                "let the worker resolve it: set "
                f"environment.pools.{entry.work_pool.get('name')}.env_from_blocks.{after[1]}: {block} in the stack's "
                "config"
            )
        reference = placeholder.text if placeholder and of_block else "{{ prefect.blocks.secret.NAME }}"
        return f"put {reference} into the pool's base job template, where the worker resolves it"
    if slug == "secret":
        return f"load it in the flow: Secret.load({block!r}).get()"
    return f"load the block {block!r} in the flow"


def _references(subject: Subject, findings: Findings, entry: Entry) -> None:
    """`$ref: {block_document_id: ...}` is replaced by all that the block holds."""

    def walk(value: Any, keys: Keys) -> None:
        if isinstance(value, Mapping):
            reference = value.get("$ref")
            own = reference.get("block_document_id") if isinstance(reference, Mapping) else None
            block = subject.context.block_ids.get(str(own)) if own else None
            if block is not None and block.secret_fields:
                fields = ", ".join(sorted(block.secret_fields))
                findings.fault(
                    keys,
                    f"the block {own} is resolved by the deploy, and its secret fields ({fields}) would be stored as "
                    f"plain text; {_remedy(entry, keys, None)}",
                )
            for key, item in value.items():
                walk(item, (*keys, str(key)))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                walk(item, (*keys, index))

    walk({key: value for key, value in entry.raw.items() if key not in STEP_KEYS}, entry.keys)


def _pull(subject: Subject, findings: Findings, keys: Keys, steps: list[Mapping[str, Any]]) -> None:
    advice = "write {{ prefect.blocks.secret.NAME }}, which the worker resolves"
    for place, text in texts(step_list(steps), keys):
        for placeholder in find(text):
            if placeholder.source is Source.ENVIRONMENT and placeholder.name in subject.env:
                reason = _reason(subject, placeholder)
                if reason:
                    findings.fault(place, f"{reason} and would be stored as plain text; {advice}{_unless(reason)}")
        if _holds_secret(subject, text):
            findings.fault(place, f"it holds a secret, which would be stored as plain text; {advice}")
        elif place[-1] in CLEAR_ARGUMENTS and text and not find(text):
            findings.fault(
                place, f"the {str(place[-1]).replace('_', ' ')} in clear would be stored as plain text; {advice}"
            )
        elif CREDENTIALS_IN_URL.search(text):
            findings.fault(
                place,
                "the address holds a password, which would be stored as plain text; give access_token: "
                "'{{ prefect.blocks.secret.NAME }}', which the worker resolves",
            )
