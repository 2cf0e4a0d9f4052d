"""Stacks, pools and workers at a glance."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from prefect_pulumi.app.workers import WorkerReport
from prefect_pulumi.cli.output.tables import print_table
from prefect_pulumi.cli.output.text import as_json as json_text
from prefect_pulumi.cli.output.text import write_out, write_text
from prefect_pulumi.promotion import overview
from prefect_pulumi.promotion.overview import Row


def print_overview(rows: Sequence[Row], project: str, format: str, out: str | None) -> None:
    """`format`: text, json or html. A table on a terminal, lines in a file."""
    time = datetime.now(UTC).isoformat(timespec="seconds")
    if format == "json":
        write_text(overview.as_json(rows, project, time), out)
    elif format == "html":
        write_text(overview.html(rows, project, time), out)
    elif out is not None:
        lines = ["  ".join(text for text, _ in overview.cells(row)) + f"  {row.problem}".rstrip() for row in rows]
        write_text("\n".join(lines) + "\n", out)
    else:
        _print_rows(rows)


def _print_rows(rows: Sequence[Row]) -> None:
    styles = {overview.HEALTHY: "green", overview.NOTICE: "yellow", overview.BAD: "red"}
    print_table(
        overview.COLUMNS, [[(text, styles.get(tone, "")) for text, tone in overview.cells(row)] for row in rows]
    )
    for row in rows:
        if row.problem:
            sys.stderr.write(f"{row.stack}: {row.problem}\n")


def print_workers(report: WorkerReport, *, as_json: bool) -> None:
    if as_json:
        write_out(json_text({**asdict(report), "warnings": report.warnings()}))
        return
    now, rows = datetime.now(UTC), list[tuple[str, ...]]()
    for pool in report.pools:
        state = "paused" if pool.paused else pool.status.lower().replace("_", " ")
        if not pool.workers:
            rows.append((pool.name, pool.type, "-", state, "-", "-"))
        for worker in pool.workers:
            status = worker.status.lower() + (" (paused)" if pool.paused else "")
            name = worker.name if worker.declared else f"{worker.name} (not of this stack)"
            version = (worker.version or "?") + (" (skew)" if worker.skew else "")
            rows.append((pool.name, pool.type, name, status, _age(worker.last_heartbeat, now), version))
    title = f"{report.stack}: Prefect {report.version} at {report.api_url}"
    print_table(("pool", "type", "worker", "status", "last heartbeat", "Prefect"), rows, title=title)


def _age(stamp: str | None, now: datetime) -> str:
    if stamp is None:
        return "never"
    seconds = max(0, round((now - datetime.fromisoformat(stamp)).total_seconds()))
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
