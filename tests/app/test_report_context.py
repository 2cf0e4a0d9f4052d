"""What a report says besides the differences: users of what goes, places and authors in the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.app.events import NullSink
from prefect_pulumi.app.observe.base import Code as ObservedCode
from prefect_pulumi.app.overview import OverviewRequest, project_overview
from prefect_pulumi.app.review.context import project_notes, with_authors
from prefect_pulumi.app.review.usage import with_users
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.project.git import author_of
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.classify import LiveObject
from prefect_pulumi.review.edits.adoption import Code
from prefect_pulumi.review.edits.places import Places
from prefect_pulumi.review.model import Action, Class, Flag, Item
from prefect_pulumi.state.entries import ResourceEntry, Snapshot
from tests.support.git_repository import commit_all, git

FLOWS = """\
from prefect.variables import Variable
from prefect.blocks.system import Secret

region = Variable.get("region")
other = Variable.get('regional')
token = Secret.load("api-token")
"""
DEPLOYS = """\
deployments:
- name: daily
  entrypoint: flows/a.py:orders
  parameters: {where: "{{ prefect.variables.region }}"}
- name: daily
  entrypoint: flows/b.py:other_flow
"""
CONFIG = """\
config:
  p:environment:
    pools:
      etl:
        queues:
          fast: {priority: 1}
    secrets:
      api-token: {env: TOKEN}
"""
PROGRAM = 'pool = WorkPool("literal")\n\nfor name in names:\n    Variable(name)\nVariable("v")\nVariable("v")\n'
FILES = {"flows/a.py": FLOWS, "prefect.yaml": DEPLOYS, "Pulumi.dev.yaml": CONFIG, "infra/__main__.py": PROGRAM}


def going(kind: str, name: str, action: Action = Action.DELETE, cls: Class = Class.THIS_CHANGE, key: str = "") -> Item:
    return Item(key or f"urn:pulumi:dev::p::prefect:index:{kind}::{name}", kind, name, cls, action, "1")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "init", "-q")
    commit_all(folder, "all")
    return folder


@pytest.mark.parametrize(
    ("item", "users"),
    [
        (going("Variable", "region"), "used by flows/a.py:4, prefect.yaml:4"),
        (going("Variable", "region", Action.NONE, Class.MISSING_LIVE), "used by flows/a.py:4, prefect.yaml:4"),
        (going("Variable", "regional", Action.UPDATE), ""),
        (going("Variable", "unused"), ""),
        (going("SecretBlock", "api-token"), "used by flows/a.py:6"),
        (going("WorkPool", "etl"), "used by Deployment orders/daily, Deployment orders/hourly"),
        (going("WorkQueue", "etl/fast"), "used by Deployment orders/daily"),
        (going("WorkQueue", "etl/default"), "used by Deployment orders/hourly"),
    ],
)
def test_what_goes_says_who_uses_it(root: Path, item: Item, users: str) -> None:
    rows = [("daily", "fast"), ("hourly", None), ("pruned", "fast")]
    alive = [
        LiveObject("Deployment", f"orders/{name}", name, values={"work_pool_name": "etl", "work_queue_name": queue})
        for name, queue in rows
    ]
    changed, _ = with_users(root, [item, going("Deployment", "orders/pruned", Action.PRUNE)], alive)
    assert [impact.text for impact in changed.impacts if impact.flag is Flag.IN_USE] == ([users] if users else [])


@pytest.mark.parametrize(
    ("kind", "name", "key", "place"),
    [
        ("WorkPool", "etl", "", "Pulumi.dev.yaml:4"),
        ("WorkQueue", "etl/fast", "", "Pulumi.dev.yaml:6"),
        ("SecretBlock", "api-token", "", "Pulumi.dev.yaml:8"),
        ("WorkPool", "literal", "", "infra/__main__.py:1"),
        ("Variable", "v", "", ""),
        ("Deployment", "orders/daily", "urn:x#orders/daily", "prefect.yaml:2"),
        ("Deployment", "other-flow/daily", "urn:x#other-flow/daily", "prefect.yaml:5"),
        ("Deployment", "third/daily", "urn:x#third/daily", ""),
    ],
)
def test_places_and_authors(root: Path, kind: str, name: str, key: str, place: str) -> None:
    code = Code("p", FILES, config="Pulumi.dev.yaml", deploys=["prefect.yaml"], program=["infra/__main__.py"])
    (item,) = with_authors(root, [going(kind, name, key=key)], Places(code))
    assert item.place == place
    assert item.author.startswith("Ann, 20") is bool(place)


STACK_FILE = """\
config:
  p:environment:
    server: {api_url: "https://prefect.example.com/api"}
    secrets:
      token: {default: s3cret}
"""
BLOCK = "prefect:index:JsonBlock"


def test_notes_of_a_project(tmp_path: Path) -> None:
    """Secrets in clear text, a server of another clone, and policy packs that only the official engine runs."""
    root = tmp_path / "clone"
    (root / "policies").mkdir(parents=True)
    (root / "policies" / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (root / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text(STACK_FILE)
    server = ResourceEntry(
        "urn:pulumi:dev::p::prefect:index:LocalServer::s", "prefect:index:LocalServer", True, id="1",
        inputs={"directory": ".infra/dev/server"},
    )  # fmt: skip
    urn = f"urn:pulumi:dev::p::{BLOCK}::app"
    block = ResourceEntry(urn, BLOCK, True, id="2", inputs={"value": {"password": "s3cret"}})
    code = ObservedCode({urn: Step(Op.CREATE, urn, BLOCK, None, block)})
    view = StackView(Stack(root, "dev"), NullSink())
    notes = list(project_notes(view, Snapshot([server, block], [], {}, ""), code))
    assert [note.split(":")[0].split(" (")[0] for note in notes] == [
        "this clone has no folder .infra/dev/server",
        "Pulumi.dev.yaml",
        "JsonBlock app",
        "policy packs",
    ]
    assert "s3cret" not in "".join(notes)
    (root / ".infra" / "dev" / "server").mkdir(parents=True)
    own = list(project_notes(view, Snapshot([server, block], [], {}, ""), code))
    assert "another clone" not in "".join(own)


def test_a_line_that_is_not_committed_has_no_author(root: Path) -> None:
    path = root / "infra" / "__main__.py"
    path.write_text("new = 1\n" + PROGRAM)
    try:
        assert author_of(root, "infra/__main__.py", 1) == ""
        assert author_of(root, "infra/__main__.py", 2).startswith("Ann, ")
    finally:
        path.write_text(PROGRAM)
    assert author_of(root.parent, "nothing.py", 1) == ""


def test_the_overview_says_that_a_server_is_another_clones(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  p:environment: {server: {embedded: true}}\n")
    inputs = {"directory": ".infra/dev/server"}
    server = ResourceEntry(
        "urn:pulumi:dev::p::prefect:index:LocalServer::s", "prefect:index:LocalServer", True, "1", inputs
    )
    stack = Stack(tmp_path, "dev")
    state = tmp_path / ".infra" / "state" / ".pulumi" / "stacks" / "p" / "dev.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    view = StackView(stack, NullSink(), load=lambda _: Snapshot([server]))
    (row,) = project_overview([view], OverviewRequest(drift=False))
    assert "has no server yet" in row.problem
    assert [note.partition(":")[0] for note in row.notes] == ["this clone has no folder .infra/dev/server"]
