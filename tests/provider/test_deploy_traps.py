"""Every trap of plain `prefect deploy`, shown first as it is and then closed by the step. On one real server.

Plain deploys cost seconds each, so that few of them show all the faults together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.errors import PartialFailureError, PreflightError
from prefect_pulumi.core.provider_protocol import (
    CheckRequest,
    CreateRequest,
    DeleteRequest,
)
from prefect_pulumi.core.values import has_secret
from prefect_pulumi.deploy.file.schedules import label, live_schedule
from tests.provider.plain_deploy_lab import HOURLY, PULL, TRIGGER, URN, PlainDeployLab

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prefect_server: str) -> Iterator[PlainDeployLab]:
    made = PlainDeployLab(tmp_path_factory.mktemp("traps"), prefect_server)
    yield made
    made.clear()
    made.client.request("DELETE", f"/work_pools/{made.pool}")
    made.provider.close()


KINDS = """    schedules:
      - {cron: '0 * * * *'}
      - {cron: '0 * * * *', timezone: Europe/Berlin, parameters: {name: berlin}}
      - {cron: '0 6 1 * 1', day_or: false, active: false}
      - {interval: 600}
      - {interval: PT15M, anchor_date: '2026-01-01T00:00:00+00:00'}
      - {rrule: FREQ=WEEKLY;BYDAY=MO}
      - {rrule: 'FREQ=MINUTELY;INTERVAL=10'}
"""


def rules(lab: PlainDeployLab, name: str) -> dict[str, tuple[Any, bool]]:
    """Of each schedule what the file calls it, its slug and whether it is active.

    Prefect dates a recurrence without a start by the deploy: the start does not count.
    """
    listed = lab.live(name)["schedules"]
    names = [re.sub(r"DTSTART:\w+ ", "", label(live_schedule(row))) for row in listed]
    named = {name: (row["slug"], row["active"]) for name, row in zip(names, listed, strict=True)}
    assert len(listed) == len(KINDS.splitlines()) - 1 if name == "kinds" else True
    return named


def test_schedules_beside_plain_prefect_deploy(lab: PlainDeployLab) -> None:
    """In every order: nothing fails, nothing is lost, drift says nothing."""
    mixed = "    schedules: [{slug: a, cron: '0 7 * * *'}, {cron: '0 8 * * *'}]\n"
    entries = [lab.entry("kinds", KINDS), lab.entry("mixed", mixed), lab.entry("slugs", HOURLY)]
    lab.write(*entries)
    assert {each["action"] for each in lab.up().values()} == {"create"}
    before = {name: rules(lab, name) for name in lab.names()}
    assert {slug for slug, _ in before["kinds"].values()} == {None}
    assert lab.plain("--all").returncode == 0
    assert {name: rules(lab, name) for name in lab.names()} == before
    assert lab.refresh() == {}
    assert lab.up() == {}
    # A change that plain `prefect deploy` writes first, and one that the step does.
    ids = {row["id"] for row in lab.live("kinds")["schedules"]}
    for text, commands in ((KINDS.replace("600", "900"), (lab.plain, lab.up)), (KINDS, (lab.up, lab.plain))):
        lab.write(lab.entry("kinds", text), *entries[1:])
        for command in commands:
            command("--all") if command == lab.plain else command()
        assert lab.refresh() == {}
        assert lab.up() == {}
    assert rules(lab, "kinds") == before["kinds"]
    assert not ids & {row["id"] for row in lab.live("kinds")["schedules"]}  # plain makes them again, the step does not
    # Automations, which plain makes again too, are not doubled.
    lab.write(lab.entry("slugs", HOURLY + TRIGGER.replace("TAG", lab.tag)))
    lab.up()
    assert lab.plain("--all").returncode == 0
    lab.refresh()
    lab.up()
    assert len(lab.automations("slugs")) == 1
    assert lab.refresh() == {}
    lab.clear()


def test_slugs_of_an_older_version_are_taken_away(lab: PlainDeployLab) -> None:
    """They make plain `prefect deploy` fail. The next update takes them away, and keeps runs and the UI's edits."""
    lab.write(lab.entry("kinds", KINDS))
    lab.up(uiOwns=["active"])
    before, row = rules(lab, "kinds"), lab.live("kinds")
    for number, schedule in enumerate(row["schedules"], start=1):
        path = f"/deployments/{row['id']}/schedules/{schedule['id']}"
        kept = {"slug": f"schedule-{number}", "parameters": schedule["parameters"]}
        paused = {"active": False} if schedule["schedule"].get("interval") == 600 else {}
        lab.client.request("PATCH", path, json={**kept, **paused})
    failed = lab.plain("--all")
    assert failed.returncode == 1
    assert "provide a slug" in failed.stdout + failed.stderr
    lab.client.request("POST", f"/deployments/{row['id']}/schedule", json={}, idempotent=True)
    starts = lab.starts("kinds")
    assert len(starts) >= 6
    lab.outputs["fingerprints"] = dict.fromkeys(lab.outputs["fingerprints"], "of the older version")
    changes = lab.up(uiOwns=["active"])["kinds"]["changes"]
    assert {path.rsplit(".", 1)[1] for path in changes} == {"slug"}
    assert rules(lab, "kinds") == {**before, "every 600s": (None, False)}
    assert starts <= lab.starts("kinds")
    lab.clear()


def test_checks(lab: PlainDeployLab) -> None:
    """What plain `prefect deploy` lets pass with exit code 0, and files that it skips under misleading words."""
    urn = "urn:pulumi:dev::project::prefect:index:SecretBlock::secret"
    block = {"name": f"token-{lab.tag}", "value": "hunter2-hunter2"}
    made = lab.provider.create(CreateRequest(urn, block))
    (lab.root / "broken.py").write_text("import no_such_module\n" + (lab.root / "flow.py").read_text())
    reference = f"'{{{{ prefect.blocks.secret.token-{lab.tag} }}}}'"
    secret = lab.entry("secret").replace(lab.pool, f"{lab.pool}, job_variables: {{env: {{TOKEN: {reference}}}}}")
    git = "prefect.deployments.steps.git_clone"
    pull = f"    pull: [{{{git}: {{repository: https://example.com/x.git, access_token: {reference}}}}}]\n"
    broken = lab.entry("broken", entrypoint="broken.py:hello")
    faults = (
        lab.entry("keys", "    descriptionn: x\n"),
        lab.entry("values", "    parameters: {nmae: y}\n"),
        secret,
    )
    lab.write(*faults, broken, lab.entry("pulls", pull))
    assert lab.plain("--all").returncode == 0
    assert lab.names() == {"keys", "values", "broken", "secret", "pulls"}
    assert lab.live("values")["parameters"] == {"nmae": "y"}
    assert lab.live("secret")["job_variables"]["env"] == {"TOKEN": "hunter2-hunter2"}
    assert "hunter2" not in str(lab.live("pulls")["pull_steps"])
    lab.clear()
    bad = "    schedules: [{slug: s, cron: 0 6 * * *, colour: red}]\n"
    lab.write(lab.entry("well"), lab.entry("bad", bad))
    skipped = lab.plain("--all")
    assert skipped.returncode == 1
    assert "An entrypoint must be provided" in skipped.stdout
    assert lab.names() == set()

    with pytest.raises(PreflightError, match="colour"):
        lab.up()
    for fault, words in zip(faults, ("descriptionn", "nmae", "token-"), strict=True):
        lab.write(lab.entry("well"), fault)
        with pytest.raises(PreflightError, match=words):
            lab.up()
    assert lab.names() == set()
    # Prefect reads the flow from its source, and so does the step; it says so.
    lab.write(broken)
    lab.up()
    assert any("no_such_module" in line for line in lab.host.lines)
    # A pull step's reference is filled in by the worker: nothing is stored in clear.
    lab.write(lab.entry("pulls", pull))
    lab.up()
    assert "hunter2" not in str(lab.live("pulls")["pull_steps"])
    # No deployments are a plan like any other.
    lab.write(top=PULL)
    text = (lab.root / "prefect.yaml").read_text()
    (lab.root / "prefect.yaml").write_text(text.replace("deployments:\n", "deployments: []\n"))
    assert {each["action"] for each in lab.up().values()} == {"prune"}
    assert lab.names() == set()
    lab.provider.delete(DeleteRequest(urn, made.id, block, made.outputs))
    lab.clear()


def test_failures(lab: PlainDeployLab) -> None:
    """Half deploys: plain `prefect deploy` stops at the first fault, and fails after it has written an SLA."""
    bad = lab.entry("bad").replace(f"{{name: {lab.pool}}}", f"{{name: {lab.pool}, job_variables: {{cpus: many}}}}")
    sla = lab.entry("sla", "    sla: [{name: late, type: TimeToCompletionSla, duration: 60}]\n")
    lab.write(lab.entry("first"), bad, lab.entry("last"))
    assert lab.plain("--all").returncode == 1
    assert lab.names() == {"first"}
    lab.write(sla, lab.entry("last"))
    failed = lab.plain("--all")
    assert failed.returncode == 1
    assert "only supported on Prefect Cloud" in failed.stdout.replace("\n", " ") + failed.stderr
    assert lab.names() == {"first", "sla"}
    lab.clear()

    # Refused before anything is written.
    with pytest.raises(PreflightError, match=r"SLA|Cloud"):
        lab.up()
    lab.write(lab.entry("first"), bad, lab.entry("last"))
    with pytest.raises(PreflightError, match="cpus"):
        lab.up()
    assert lab.names() == set()

    # What no check can see: a build step that fails. The others go on, and the next update continues from there.
    script = "prefect.deployments.steps.run_shell_script"
    step = f"    build: [{{{script}: {{script: 'test -e ready'}}}}]\n"
    lab.write(lab.entry("first"), lab.entry("broken", step), lab.entry("last"))
    checked = lab.provider.check(CheckRequest(URN, new_inputs={"workPools": [lab.pool], "onFailure": "continue"}))
    assert checked.failures == ()
    with pytest.raises(PartialFailureError) as caught:
        lab.provider.create(CreateRequest(URN, checked.inputs))
    outputs = caught.value.outputs
    assert lab.names() == {"first", "last"}
    results = {name.split("/")[1]: each["result"] for name, each in outputs["results"].items()}
    assert results == {"first": "done", "broken": "failed", "last": "done"}
    assert "run_shell_script" in outputs["results"][f"{lab.flow}/broken"]["error"]
    ids = {name: lab.live(name)["updated"] for name in ("first", "last")}
    (lab.root / "ready").write_text("")
    lab.inputs, lab.outputs = checked.inputs, outputs
    again = lab.up(onFailure="continue")
    assert {name: each["action"] for name, each in again.items()} == {
        "first": "skip",
        "broken": "create",
        "last": "skip",
    }
    assert {name: lab.live(name)["updated"] for name in ids} == ids

    # By default the others wait; the next update goes on with them.
    tagged = [lab.entry(name, "    tags: [t]\n") for name in ("first", "last")]
    lab.write(lab.entry("broken", step.replace("-e", "-z")), *tagged)
    with pytest.raises(PartialFailureError, match="not deployed: "):
        lab.up()
    assert [lab.live(name)["tags"] for name in ("first", "last")] == [[], []]
    lab.write(lab.entry("broken"), *tagged)
    assert {each["action"] for each in lab.up().values()} == {"update"}
    assert [lab.live(name)["tags"] for name in ("first", "last")] == [["t"], ["t"]]
    lab.clear()


def test_build_steps(lab: PlainDeployLab, tmp_path: Path) -> None:
    """Plain `prefect deploy` builds for each deployment, each time; the step builds once, and again when it has to."""
    built = tmp_path / "built"
    command = f"bash -c 'date +%s%N >> {built}; cat {built}'"
    top = f'{PULL}build:\n  - prefect.deployments.steps.run_shell_script: {{id: stamp, script: "{command}"}}\n'
    entries = [lab.entry(name, "    version: '{{ stamp.stdout }}'\n") for name in ("one", "two")]
    lab.write(*entries, top=top)
    assert lab.plain("--all").returncode == 0
    assert len(built.read_text().splitlines()) == 2
    lab.clear()
    built.unlink()

    lab.up()
    assert len(built.read_text().splitlines()) == 1
    stamp = built.read_text().strip()
    assert [lab.live(name)["version"] for name in ("one", "two")] == [stamp, stamp]
    assert lab.refresh() == {}
    lab.write(lab.entry("one", "    version: '{{ stamp.stdout }}'\n    tags: [t]\n"), entries[1], top=top)
    assert {name: each["action"] for name, each in lab.up().items()} == {"one": "update", "two": "skip"}
    assert built.read_text().strip() == stamp
    assert (lab.live("one")["version"], lab.live("one")["tags"]) == (stamp, ["t"])
    (lab.root / "Dockerfile").write_text("FROM scratch\n")
    rebuilt = lab.up().values()
    assert {(each["action"], each["why"]) for each in rebuilt} == {("update", "because of the files of its steps")}
    assert len(built.read_text().splitlines()) == 2
    lab.clear()


def test_one_deployment_alone(lab: PlainDeployLab) -> None:
    """What the run is not limited to stays as it is, and comes with the next update."""
    lab.write(*(lab.entry(name) for name in ("one", "two", "gone")))
    lab.up()
    lab.patch("one", description="edited")
    lab.patch("two", description="edited")
    assert set(lab.refresh()) == {"one", "two"}
    lab.write(lab.entry("one"), lab.entry("two", "    tags: [t]\n"), lab.entry("new"))
    try:
        lab.provider.run.only = {URN: frozenset({f"{lab.flow}/one"})}
        alone = lab.up()
        assert {name: each["action"] for name, each in alone.items()} == {"one": "update", "two": "skip"}
        assert lab.names() == {"one", "two", "gone"}
        assert [lab.live(name)["description"] for name in ("one", "two")] == ["Says hello.", "edited"]
        lab.provider.run.only = {URN: frozenset({f"{lab.flow}/oen"})}
        with pytest.raises(PreflightError, match=r"prefect\.yaml has no deployment .*/oen"):
            lab.up()
    finally:
        lab.provider.run.only = {}
    assert set(lab.refresh()) == {"two"}
    rest = {name: each["action"] for name, each in lab.up().items()}
    assert rest == {"one": "skip", "two": "update", "new": "create", "gone": "prune"}
    assert lab.names() == {"one", "two", "new"}
    lab.clear()


def test_values(lab: PlainDeployLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates, options for several entries, missing pull steps; then the stack's values over one file."""
    tag = "    tags: ['{{ $LAB_MISSING }}', x]\n"
    lab.write(lab.entry("one", tag), lab.entry("two"), "  - entrypoint: flow.py:hello\n", top="")
    plain = lab.plain("--all", "--job-variable", "cpus=3", "--pool", "nowhere")
    assert plain.returncode == 0  # an unset variable, an unnamed deployment and options without effect
    assert lab.names() == {"one", "two"}
    assert lab.live("one")["job_variables"] == {}
    assert lab.live("one")["tags"] != ["{{ $LAB_MISSING }}", "x"]
    assert str(lab.root) in str(lab.live("one")["pull_steps"])
    with pytest.raises(PreflightError) as refused:
        lab.up()
    assert "LAB_MISSING" in str(refused.value)
    assert "name" in str(refused.value)

    # Nobody's deployments are not taken over in silence.
    lab.write(lab.entry("one"), lab.entry("two", "    description: '{{ $LAB_TEXT }} for {{ $LAB_TOKEN }}'\n"))
    monkeypatch.setenv("LAB_TOKEN", "hunter2-hunter2")
    values = {"env": {"LAB_TEXT": "prod"}, "overrides": {f"{lab.flow}/t*": {"tags": ["prod"]}}}
    allowed = {"plainText": ["LAB_TOKEN"]}
    with pytest.raises(PreflightError, match=f"{lab.flow}/one exists already and belongs to no stack"):
        lab.up(**values, **allowed)
    ids = {name: lab.live(name)["id"] for name in ("one", "two")}
    adopted = lab.up(**values, **allowed, adopt=["*"])
    assert {name: (each["action"], each["id"]) for name, each in adopted.items()} == {
        name: ("adopt", id) for name, id in ids.items()
    }
    two = lab.live("two")
    assert two["labels"]["prefect-pulumi.stack"] == "project/dev"
    assert (two["tags"], two["description"]) == (["prod"], "prod for hunter2-hunter2")
    assert has_secret(lab.outputs["entries"][f"{lab.flow}/two"]["description"])
    assert "hunter2" not in "\n".join(lab.host.lines)
    assert "hunter2" not in repr(lab.outputs)
    # The mark outlives an edit, and falls when another tool takes the deployment over: then it is left alone.
    lab.patch("one", description="edited")
    assert lab.live("one")["labels"]["prefect-pulumi.stack"] == "project/dev"
    body = {"name": "one", "flow_id": two["flow_id"], "work_pool_name": lab.pool}
    lab.client.request("POST", "/deployments/", json=body, idempotent=True)
    assert lab.refresh()["one"]["owner"] == ("stack project/dev (flows)", "no stack")
    lab.write(lab.entry("two", "    description: '{{ $LAB_TEXT }} for {{ $LAB_TOKEN }}'\n"))
    left = lab.up(**values, **allowed)
    assert left["one"]["action"] == "leave"
    assert lab.names() == {"one", "two"}
    # A variable's value is part of the fingerprint; another one of the environment is not.
    assert lab.up(**values, **allowed) == {}
    monkeypatch.setenv("LAB_OTHER", "1")
    assert lab.up(**values, **allowed) == {}
    changed = lab.up(**{**values, "env": {"LAB_TEXT": "stage"}}, **allowed)
    assert changed["two"]["action"] == "update"
    # Kept on the server when asked; the mark stays.
    kept = {**lab.inputs, "keepOnDelete": True}
    lab.provider.delete(DeleteRequest(URN, "prefect.yaml", kept, lab.outputs))
    assert lab.names() == {"one", "two"}
    lab.provider.delete(DeleteRequest(URN, "prefect.yaml", lab.inputs, lab.outputs))
    assert lab.names() == {"one"}
    lab.clear()
