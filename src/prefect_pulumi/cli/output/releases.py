"""Releases as text or JSON."""

from __future__ import annotations

from typing import Any

from prefect_pulumi.cli.output.tables import print_table
from prefect_pulumi.cli.output.text import as_json, write_out
from prefect_pulumi.promotion.release_records import Carried, Record


def print_release(releases: Carried, record: Record, *, as_json: bool) -> None:
    if as_json:
        _print_json(_document(releases, record))
        return
    origin = f" (of {record.origin}, promoted from {record.promoted['stage']})" if record.promoted else ""
    lines = [
        f"release {record.id}{origin}",
        f"  commit         {record.commit}",
        f"  made           {record.time} by {record.by}",
        f"  verified       {_verified(releases, record)}",
        f"  infrastructure {record.infrastructure[:12]}",
        *(f"  deployment     {name} {fingerprint[:12]}" for name, fingerprint in record.deployments.items()),
        *(f"  image          {pool} {image}" for pool, image in record.images.items()),
        *(f"  {name:14} {version}" for name, version in record.versions.items()),
        *(f"  forced         {gate}: {reason}" for gate, reason in (record.promoted.get("forced") or {}).items()),
    ]
    write_out("\n".join(lines))


def print_releases(releases: Carried, *, as_json: bool) -> None:
    if as_json:
        _print_json([{**_document(releases, record), "current": record == releases.record} for record in releases.kept])
        return
    rows = [
        (
            "*" if record == releases.record else "",
            record.id,
            record.commit[:12],
            record.time,
            record.by,
            str(record.promoted.get("release") or "-"),
            _verified(releases, record),
        )
        for record in releases.kept
    ]
    print_table(("", "release", "commit", "made", "by", "from", "verified"), rows)


def _print_json(document: Any) -> None:
    write_out(as_json(document))


def _document(releases: Carried, record: Record) -> dict[str, Any]:
    verification = releases.verification(record.id)
    return {**record.document(), "verification": verification.document() if verification else None}


def _verified(releases: Carried, record: Record) -> str:
    verification = releases.verification(record.id)
    if verification is None:
        return "no"
    return verification.ended if verification.passed else "failed: " + ", ".join(c.name for c in verification.failed)
