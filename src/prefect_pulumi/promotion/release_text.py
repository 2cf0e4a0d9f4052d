"""Releases of a stack as text."""

from __future__ import annotations

from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.promotion.release_records import StackReleases

COLUMNS = ("", "release", "commit", "made", "by", "from", "verified")


def release_text(releases: StackReleases, record: ReleaseRecord) -> str:
    """One release with its parts, a line each."""
    origin = f" (of {record.origin}, promoted from {record.promoted['stage']})" if record.promoted else ""
    lines = [
        f"release {record.id}{origin}",
        f"  commit         {record.commit}",
        f"  made           {record.time} by {record.by}",
        f"  verified       {verified_text(releases, record)}",
        *_approval(releases, record),
        f"  infrastructure {record.infrastructure[:12]}",
        *(f"  deployment     {name} {fingerprint[:12]}" for name, fingerprint in record.deployments.items()),
        *(f"  image          {pool} {image}" for pool, image in record.images.items()),
        *(f"  {name:14} {version}" for name, version in record.versions.items()),
        *(f"  forced         {gate}: {reason}" for gate, reason in (record.promoted.get("forced") or {}).items()),
    ]
    return "\n".join(lines)


def _approval(releases: StackReleases, record: ReleaseRecord) -> list[str]:
    verification = releases.verification(record.id)
    return [f"  approved       {verification.approval}"] if verification is not None and verification.approval else []


def release_rows(releases: StackReleases) -> list[tuple[str, ...]]:
    """A row for each release that the stack keeps, under `COLUMNS`; `*` marks the one that it runs."""
    return [
        (
            "*" if record == releases.record else "",
            record.id,
            record.commit[:12],
            record.time,
            record.by,
            str(record.promoted.get("release") or "-"),
            verified_text(releases, record),
        )
        for record in releases.kept
    ]


def verified_text(releases: StackReleases, record: ReleaseRecord) -> str:
    """When the release was verified, `no`, or which checks failed."""
    verification = releases.verification(record.id)
    if verification is None:
        return "no"
    return verification.ended if verification.passed else "failed: " + ", ".join(c.name for c in verification.failed)
