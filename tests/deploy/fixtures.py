"""Common ground of the preflight's tests: a repository of flows, some of them broken, and what stands around it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.deploy.checks.context import Block, DeployContext, Pool
from prefect_pulumi.deploy.checks.steps import functions
from prefect_pulumi.deploy.checks.suite import CheckReport, check_all, entrypoints, resolved
from prefect_pulumi.deploy.file.document import Document, parse, plain
from prefect_pulumi.deploy.flows.inspector import FlowInspector, ImportResult
from prefect_pulumi.models.worker_types import variables_of

REPOSITORY = Path(__file__).parent / "repository"

ORDERS = """\
deployments:
- name: a
  entrypoint: flows/orders.py:import_orders
  work_pool: {name: etl}
"""
CLEAN_UP = ORDERS.replace("import_orders", "clean_up") + "  parameters: {days: 1}\n"

BAD_MODULES = {
    "uninstalled": "import a_package_that_nobody_has\nfrom prefect import flow\n",
    "syntax": "from prefect import flow\n\n@flow\ndef run(:\n",
    "variable": 'import os\n\nTOKEN = os.environ["A_VARIABLE_THAT_NOBODY_SETS"]\n',
    "leaves": "raise SystemExit(3)\n",
    "hangs": "import time\n\ntime.sleep(120)\n",
    "dies": "import os\n\nos._exit(3)\n",
    "server": 'from prefect import flow\nfrom prefect.variables import Variable\n\nX = Variable.get("x")\n\n\n@flow\n'
    "def run():\n    pass\n",
    "elsewhere": "import a_package_of_the_workers\nfrom prefect import flow\n\n\n@flow(name='far')\n"
    "def run(limit: int = 1):\n    pass\n",
    "half": "from acme.cloud import thing\nfrom prefect import flow\n\n\n@flow\ndef run(limit: int = 1):\n    pass\n",
    "other_half": "from acme import lake\nfrom prefect import flow\n\n\n@flow\ndef run(limit: lake.Size = 1):\n"
    "    pass\n",
    "required": "import listed_package\nfrom prefect import flow\n\n\n@flow\ndef run(limit: int = 1):\n    pass\n",
    "broken": 'from prefect import flow\n\nX = {}["x"]\n\n\n@flow\ndef run(limit: int = 1):\n    pass\n',
    "default": 'from prefect import flow\n\n\n@flow\ndef run(limit: int = "many"):\n    pass\n',
}

ENV = {
    "EMPTY": "",
    "CRON": "0 25 * * *",
    "WORDS": "many",
    "API_TOKEN": "a-token-of-somebody",
    "INNOCENT": "postgres://hunter2-hunter2@dwh",
    "DAY": "2026-01-02",
}

AROUND = DeployContext(
    pools={
        "etl": Pool("process", variables_of("process", None), here=True),
        "far": Pool("process", variables_of("process", None)),
        "boxes": Pool("docker", variables_of("docker", None)),
    },
    queues=frozenset({("etl", "priority")}),
    blocks={
        ("secret", "api-token"): Block(frozenset({"value"}), frozenset({"value"})),
        ("json", "settings"): Block(frozenset(), frozenset({"value"})),
        ("warehouse", "dwh"): Block(frozenset({"password"}), frozenset({"host", "password"})),
    },
    block_ids={"11111111-1111-4111-8111-111111111111": Block(frozenset({"password"}), frozenset({"password"}))},
    variables={"region": "eu", "words": "many", "limit": 5, "live": True},
    secrets=frozenset({"hunter2-hunter2"}),
    worker_packages=frozenset({"a_package_of_the_workers"}),
    requirements={"Listed_Package": "requirements.txt"},
)


def make_repository(root: Path) -> Path:
    """A copy of the repository with modules beside its flows that cannot be imported."""
    shutil.copytree(REPOSITORY, root, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in BAD_MODULES.items():
        (root / "flows" / f"{name}.py").write_text(text)
    (root / "acme").mkdir()
    (root / "acme" / "base.py").write_text("")
    flow = "from prefect import flow\n\n\n@flow\ndef run(limit: int = 1):\n    pass\n"
    for path in (root / "topmod.py", root.parent / "outside.py"):
        path.write_text(flow)
    (root / "by_module.py").write_text("import a_package_that_nobody_has\n" + flow)
    return root.resolve()


def documents(texts: Mapping[str, str]) -> dict[str, Document | PreflightError]:
    found: dict[str, Document | PreflightError] = {}
    for name, text in texts.items():
        try:
            found[name] = parse(text, Path("prefect.yaml"))
        except PreflightError as error:
            found[name] = error
    return found


def imported(root: Path, read: Mapping[str, Document | PreflightError], cache: Path) -> dict[str, ImportResult]:
    """All that the documents name, by one inspector."""
    names: dict[str, None] = {}
    steps: dict[str, None] = {}
    for document in read.values():
        if isinstance(document, Document):
            raw = plain(document.data)
            names |= dict.fromkeys(entrypoints(resolved(raw, ENV), root))
            steps |= dict.fromkeys(functions(raw))
    return FlowInspector(root, cache, {**os.environ, **ENV}, limit=6).inspect(list(names), list(steps))


def checked(document: Document, root: Path, flows: Mapping[str, ImportResult]) -> CheckReport:
    return check_all(document, document.data, root, flows=flows, context=AROUND, env=ENV)


def messages(root: Path, texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Name of the text -> the faults that are found in it."""
    read = documents(texts)
    flows = imported(root, read, root / ".infra" / "flows.json")
    return {
        name: list(each.faults) if isinstance(each, PreflightError) else list(checked(each, root, flows).faults)
        for name, each in read.items()
    }
