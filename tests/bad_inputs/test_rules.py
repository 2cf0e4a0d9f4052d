"""`review.yaml`: what is ignored, accepted, forbidden and overridden; every fault with its key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ACCEPT = ("accept", "WorkPool etl", "--owner", "ana", "--reason", "why", "--expires", "2999-01-01")
ENTRY = {"object": "WorkPool etl", "owner": "ana", "reason": "why", "expires": "2999-01-01"}
POLICY = {"name": "calm", "forbid": "delete"}
OVERRIDE = {"policy": "calm", "owner": "ana", "reason": "why", "expires": "2999-01-01"}


def flow(entry: dict[str, str], **changes: str | None) -> str:
    """The entry as YAML; None takes a key out."""
    fields = {**entry, **changes}
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items() if value is not None) + "}"


def accepted(**changes: str | None) -> str:
    return f"accepted: [{flow(ENTRY, **changes)}]\n"


def policy(**changes: str | None) -> str:
    return f"policy: [{flow(POLICY, **changes)}]\n"


def override(**changes: str | None) -> str:
    return f"policy: [{flow(POLICY)}]\noverrides: [{flow(OVERRIDE, **changes)}]\n"


FILES: dict[str, tuple[str | bytes, str]] = {
    "not UTF-8": (b"ignore: [\xe9]\n", "it is not UTF-8 text"),
    "a bracket": ("ignore: [\n", "review.yaml:"),
    "a key twice": ("ignore: []\nignore: []\n", "ignore: the key is here twice"),
    "a list": ("- a\n", "review.yaml"),
    "a text": ("text\n", "review.yaml"),
    "an unknown key": ("ignored: []\n", "ignored: unknown key"),
    "unmanaged": ("unmanaged: forget\n", "unmanaged"),
    "unmanaged a list": ("unmanaged: [note]\n", "unmanaged"),
    "ignore a text": ("ignore: WorkPool\n", "ignore"),
    "ignore of texts": ("ignore: [WorkPool]\n", "ignore.0"),
    "ignore an unknown key": ("ignore: [{knid: x}]\n", "ignore.0.knid"),
    "ignore kind a number": ("ignore: [{kind: 3}]\n", "ignore.0.kind"),
    "ignore name a list": ("ignore: [{name: [x]}]\n", "ignore.0.name"),
    "ignore fields a text": ("ignore: [{fields: x}]\n", "ignore.0.fields"),
    "ignore fields of numbers": ("ignore: [{fields: [3]}]\n", "ignore.0.fields.0"),
    "ignore reason a number": ("ignore: [{reason: 3}]\n", "ignore.0.reason"),
    "accepted a text": ("accepted: x\n", "accepted"),
    "accepted a mapping": ("accepted: {a: 1}\n", "accepted"),
    "accepted of texts": ("accepted: [x]\n", "accepted.0"),
    "accepted an unknown key": (accepted(until="2999-01-01"), "accepted.0.until"),
    "accepted without object": (accepted(object=None), "accepted.0.object"),
    "accepted object without kind": (accepted(object="etl"), "accepted.0.object"),
    "accepted object a number": (accepted(object="3"), "accepted.0.object"),
    "accepted without owner": (accepted(owner=None), "accepted.0.owner"),
    "accepted owner empty": (accepted(owner="''"), "accepted.0.owner"),
    "accepted owner a number": (accepted(owner="3"), "accepted.0.owner"),
    "accepted without reason": (accepted(reason=None), "accepted.0.reason"),
    "accepted reason empty": (accepted(reason="''"), "accepted.0.reason"),
    "accepted without date": (accepted(expires=None), "accepted.0.expires"),
    "accepted date a word": (accepted(expires="never"), "accepted.0.expires"),
    "accepted date a list": (accepted(expires="[2999]"), "accepted.0.expires"),
    "accepted date of no day": (accepted(expires="2999-02-30"), "review.yaml"),
    "accepted stacks a text": (accepted(stacks="dev"), "accepted.0.stacks"),
    "accepted stacks of numbers": (accepted(stacks="[3]"), "accepted.0.stacks.0"),
    "accepted fields a text": (accepted(fields="x"), "accepted.0.fields"),
    "accepted fields of numbers": (accepted(fields="[3]"), "accepted.0.fields"),
    "policy a text": ("policy: x\n", "policy"),
    "policy of texts": ("policy: [x]\n", "policy.0"),
    "policy without name": (policy(name=None), "policy.0.name"),
    "policy name empty": (policy(name="''"), "policy.0.name"),
    "policy name a number": (policy(name="3"), "policy.0.name"),
    "policy without forbid": (policy(forbid=None), "policy.0.forbid"),
    "policy forbids nothing known": (policy(forbid="sleep"), "policy.0.forbid"),
    "policy kinds a text": (policy(kinds="WorkPool"), "policy.0.kinds"),
    "policy stacks a text": (policy(stacks="dev"), "policy.0.stacks"),
    "policy an unknown key": (policy(percnt="3"), "policy.0.percnt"),
    "policy share without percent": (policy(forbid="share"), "`percent` belongs to `forbid: share`"),
    "policy percent without share": (policy(percent="3"), "`percent` belongs to `forbid: share`"),
    "policy percent below": (policy(forbid="share", percent="-1"), "policy.0.percent"),
    "policy percent above": (policy(forbid="share", percent="101"), "policy.0.percent"),
    "policy percent a word": (policy(forbid="share", percent="many"), "policy.0.percent"),
    "overrides a text": ("overrides: x\n", "overrides"),
    "overrides without policy": (override(policy=None), "overrides.0.policy"),
    "overrides no policy of the file": (override(policy="loud"), "there is no policy 'loud'"),
    "overrides stack a list": (override(stack="[dev]"), "overrides.0.stack"),
    "overrides objects a text": (override(objects="x"), "overrides.0.objects"),
    "overrides owner empty": (override(owner="''"), "overrides.0.owner"),
    "overrides reason empty": (override(reason="''"), "overrides.0.reason"),
    "overrides date a word": (override(expires="soon"), "overrides.0.expires"),
    "overrides an unknown key": (override(until="x"), "overrides.0.until"),
}


@pytest.mark.parametrize("name", FILES)
def test_rules_are_refused_by_their_key(project: Path, refused: Callable[..., str], name: str) -> None:
    content, words = FILES[name]
    (project / "review.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    said = refused(*ACCEPT)
    assert "review.yaml" in said
    assert words in said, said
