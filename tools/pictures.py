"""Makes the pictures of docs/pictures from commands that run on a server of this machine: terminals as SVG, the page of
a drift report as PNG.

python -m tools.pictures     needs Chromium; one to two minutes
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from prefect_pulumi.api.blocking import BlockingClient
from tests.support.browser import chromium, is_installed
from tests.support.tutorials import TutorialShell, blocks
from tests.support.wheels import build_wheel

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
COLUMNS = 100
LARGEST = 150_000
"""Bytes of a picture."""


def record(shell: TutorialShell, name: str, command: str) -> None:
    """What the command prints, in its colours."""
    recorded = shell.folder / "recorded"
    shell.type(f"{command} > {shlex.quote(str(recorded))} 2>&1 || true\n")
    lines = recorded.read_text("utf-8")
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.assemble(("$ ", "dim"), (command, "bold")))
        console.print(Text.from_ansi(lines.rstrip()))
        text = console.export_svg(title=command, unique_id=name)
    # The fonts would come from another host; without them the reader's own is taken.
    text = re.sub(r"@font-face \{.*?\}\s*", "", text, flags=re.DOTALL)
    (PICTURES / f"{name}.svg").write_text(re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE), "utf-8")


def change_live(address: str) -> None:
    """What colleagues do in the UI: another limit, a pause, a variable that no program declares."""
    client = BlockingClient(address)
    client.request("PATCH", "/work_pools/etl", json={"concurrency_limit": 9})
    client.request("POST", "/variables/", json={"name": "threshold", "value": 0.8})
    deployment = client.request("GET", "/deployments/name/import-orders/daily")
    client.request("PATCH", f"/deployments/{deployment['id']}", json={"paused": True})
    client.close()


def photograph(page: Path) -> None:
    with chromium(1280, 1000) as browser:
        browser.get(page.as_uri())
        browser.save_screenshot(str(PICTURES / "drift-report.png"))


def make_pictures(folder: Path) -> None:
    shell = TutorialShell(folder, build_wheel(folder))
    try:
        installation, flow, prefect_file, project, *_ = blocks("first-run.md")
        for block in (installation, flow, prefect_file, project):
            shell.type(block)
        shell.type("infra config set --path environment.pools.etl.concurrency_limit 4\ngit commit -qam 'A limit'\n")
        shell.type(f"export TTY_COMPATIBLE=1 TTY_INTERACTIVE=0 COLUMNS={COLUMNS}\n")
        record(shell, "preview", "infra preview")
        record(shell, "up", "infra up --yes")
        change_live(json.loads(shell.type("infra outputs ui --json\n")) + "/api")
        record(shell, "drift", "infra drift")
        shell.type("infra drift --format html --out drift.html || true\n")
        photograph(shell.directory / "drift.html")
        shell.type("infra destroy --yes\n")
    finally:
        shell.stop()


def main() -> int:
    if not is_installed():
        print("no Chromium: apt-get install chromium chromium-driver", file=sys.stderr)
        return 2
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        make_pictures(Path(folder))
    large = [path.name for path in PICTURES.iterdir() if path.stat().st_size > LARGEST]
    if large:
        print(f"larger than {LARGEST} bytes: {', '.join(large)}", file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
