"""Promotions of a small program from stack to stack, with real git repositories, on both engines.

The stacks share one server and own objects of their own names; `test_servers.py` has servers and flow runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.engines import LANGUAGE_HOST
from tests.support.promotion_project import PROGRAM, promotion_project
from tests.support.servers import database as postgres_database

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_what_was_verified_is_what_prod_gets(two: Any) -> None:
    first = two.verified("first")
    two.promoted()
    # Main goes on while the promotion waits for its deploy: none of it reaches prod.
    two.verified("second")
    two.infra("up", "-s", "prod", "--yes")
    record = two.carried("prod")
    assert (record["id"], record["commit"]) == ("prod-1", first)
    assert (record["promoted"]["stage"], record["promoted"]["release"]) == ("dev", "dev-1")
    assert [check["name"] for check in record["verification"]["checks"]] == ["drift", "workers", "automations"]
    assert (two.live("dev"), two.live("prod")) == ("second", "first")
    assert (two.root / "elsewhere" / ".pulumi" / "stacks" / "prefect-infra" / "prod.json").is_file()
    assert two.git("status", "--short") == ""
    two.infra("preview", "-s", "prod", "--expect-no-changes")
    two.infra("drift", "-s", "prod")

    plan = two.json("promote", "dev", "prod", "--preview")
    changed = {(row["kind"], row["path"]): (row["now"]["value"], row["after"]["value"]) for row in plan["changes"]}
    assert changed == {("Variable", "value"): ("first", "second")}
    # The pool's limit is prod's own.
    stays = {(row["kind"], row["path"]): (row["now"]["value"], row["source"]["value"]) for row in plan["stays"]}
    assert stays[("WorkPool", "concurrencyLimit")] == (2, 1)
    assert two.git("status", "--short") == ""

    two.infra("promote", "dev", "prod", "--apply", "--yes")
    assert two.live("prod") == "second"
    two.infra("rollback", "-s", "prod", "--yes")
    assert two.live("prod") == "first"
    record = two.carried("prod")
    assert (record["id"], record["promoted"]["release"]) == ("prod-3", "prod-1")
    two.infra("rollback", "-s", "prod", "--yes", "--to", "prod-2")
    assert two.live("prod") == "second"


def test_automation_proposes_by_a_branch_and_deploys_its_merge(two: Any) -> None:
    first = two.version("first")
    assert two.infra("up", "-s", "prod", "--yes", "--staged") == ""  # it pins nothing yet
    assert two.live("prod") is None
    two.infra("up", "-s", "dev", "--yes", "--staged")
    two.infra("verify", "--once")
    assert two.infra("verify", "--once") == ""
    two.infra("promote", "dev", "prod", "--format", "markdown", "--out", ".infra/body.md", "--push", "promote/prod")
    assert (two.root / ".infra/body.md").read_text().startswith("<!-- prefect-pulumi-promotion: prod -->")
    two.git("checkout", "Pulumi.prod.yaml")
    assert (two.git("rev-parse", "HEAD"), two.git("status", "--short")) == (first, "")
    two.git("fetch", "-q")
    assert two.git("diff", "--name-only", "main", "origin/promote/prod") == "Pulumi.prod.yaml"
    two.git("merge", "-q", "--no-ff", "-m", "merge the promotion", "origin/promote/prod")
    two.git("push", "-q")
    two.infra("up", "-s", "dev", "--yes", "--staged")
    two.infra("verify", "--once")
    two.infra("up", "-s", "prod", "--yes", "--staged")
    assert two.live("prod") == "first"
    # The merge is a commit of its own, which dev carries now; prod has all of it.
    assert two.carried("dev")["commit"] != first
    assert two.infra("promote", "dev", "prod") == ""
    assert two.git("status", "--short") == ""


def test_status_is_one_table_over_all_stacks(two: Any) -> None:
    shown = two.json("status")
    assert [(row["stack"], row["made"]) for row in shown["stacks"]] == [("dev", False), ("prod", False)]
    two.verified("first")
    two.promoted()
    rows = {row["stack"]: row for row in two.json("status")["stacks"]}
    assert (rows["dev"]["release"]["id"], rows["dev"]["drift"], rows["dev"]["problem"]) == ("dev-1", "in sync", "")
    assert rows["dev"]["verified"].startswith("20")
    assert rows["dev"]["workers"] == {"online": 0, "declared": 0}
    two.infra("up", "-s", "prod", "--yes")
    two.version("second")
    two.infra("up", "-s", "dev", "--yes")
    two.edit_live("prod", "by hand")
    rows = {row["stack"]: row for row in two.json("status")["stacks"]}
    assert (rows["dev"]["release"]["id"], rows["dev"]["verified"]) == ("dev-2", "no")
    assert (rows["prod"]["drift"], rows["prod"]["drifted"]) == ("drift", 1)
    two.infra("status", "--format", "html", "--no-drift", "--out", "status.html")
    page = (two.root / "status.html").read_text()
    assert "prod-1" in page
    assert "dev-2" in page
    (two.root / "elsewhere/.pulumi/stacks/prefect-infra/prod.json").write_text("{")
    said = two.infra("status", code=4)
    assert "dev-2" in said
    assert "prod: " in said


def test_a_stack_reference_reads_another_backend(two: Any) -> None:
    path = two.root / "Pulumi.prod.yaml"
    path.write_text(path.read_text().replace("config:\n", "config:\n  prefect-infra:source: dev\n"))
    two.verified("first")
    two.promoted()
    two.infra("up", "-s", "prod", "--yes")
    assert two.json("outputs", "-s", "prod")["source"] == "dev-1"


def test_the_official_engine_deploys_the_release_or_refuses(two: Any, tmp_path: Path, pulumi_cli: Path) -> None:
    project = yaml.safe_load((two.root / "Pulumi.yaml").read_text())
    del project["promotion"]["backends"]
    (two.root / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    two.infra("env", "-s", "prod")
    first = two.verified("first")
    two.infra("promote", "dev", "prod")
    two.commit("promote")
    two.version("second")

    def pulumi(root: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"{pulumi_cli.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = {
            **os.environ,
            **two.json("env", "-s", name),
            "PULUMI_CONFIG_PASSPHRASE": "of the tests",
            "PATH": path,
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        return subprocess.run(
            [str(pulumi_cli), *arguments, "--stack", name, "--non-interactive", *LANGUAGE_HOST.flags()],
            cwd=root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )

    def up(root: Path, name: str) -> None:
        done = pulumi(root, name, "up", "--yes", "--skip-preview")
        assert done.returncode == 0, done.stdout + done.stderr

    # In the clone, whose program is another commit's, it refuses, and says how.
    refused = pulumi(two.root, "prod", "up", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "pinned to the release of commit" in refused.stdout + refused.stderr
    assert two.live("prod") is None
    released = Path(two.infra("release", "checkout", "-s", "prod").strip())
    up(released, "prod")
    assert two.live("prod") == "first"
    record = two.carried("prod")
    assert (record["id"], record["commit"], record["promoted"]["release"]) == ("prod-1", first, "dev-1")
    assert two.infra("up", "-s", "prod", "--yes") == ""
    two.infra("verify", "-s", "prod")
    preview = pulumi(released, "prod", "preview", "--json")
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert json.loads(preview.stdout)["changeSummary"].get("update", 0) == 0
    # The other engine promotes what this one deployed.
    up(two.root, "dev")
    assert two.carried("dev")["id"] == "dev-2"
    two.infra("verify", "-s", "dev")
    two.infra("promote", "dev", "prod", "--apply", "--yes")
    assert two.live("prod") == "second"


def test_a_plan_is_applied_as_it_was_approved_or_not_at_all(two: Any) -> None:
    two.verified("first")
    two.promoted()
    two.infra("up", "-s", "prod", "--yes")
    two.verified("second")
    two.promoted()
    two.edit_live("prod", "by hand")
    said = two.infra("up", "-s", "prod", "--yes", code=1)
    assert "drift: Variable" in said
    two.edit_live("prod", "first")
    # The pinned plan was made for another limit of prod's.
    path = two.root / "Pulumi.prod.yaml"
    path.write_text(path.read_text().replace("concurrency_limit: 2", "concurrency_limit: 7"))
    said = two.infra("up", "-s", "prod", "--yes", code=3)
    assert "something changed since" in said
    assert two.live("prod") == "first"
    two.git("checkout", "Pulumi.prod.yaml")
    assert "does not run the release" in two.infra("up", "-s", "prod", "--yes", "--expect-no-changes", code=3)
    assert "--target cannot be given" in two.infra("up", "-s", "prod", "--yes", "--target", "version", code=2)
    assert two.live("prod") == "first"
    unused = two.root / ".infra" / "releases" / ("f" * 40)
    unused.mkdir()
    two.infra("up", "-s", "prod", "--yes")
    assert two.live("prod") == "second"
    assert not unused.exists()
    assert len(list(unused.parent.glob("*.index"))) == 2
    # A pin that nobody approved.
    path.write_text(path.read_text().replace(two.git("rev-parse", "HEAD~1"), two.git("rev-parse", "HEAD")))
    assert "infra promote" in two.infra("up", "-s", "prod", "--yes", code=3)


def test_gates_stop_what_is_not_verified_and_a_reason_is_recorded(two: Any) -> None:
    two.version("first")
    two.infra("up", "-s", "dev", "--yes")
    said = two.infra("promote", "dev", "prod", code=1)
    assert "dev-1 has not been verified" in said
    assert two.git("status", "--short") == ""
    two.edit_live("dev", "by hand")
    said = two.infra("verify", code=1)
    assert "FAILED  drift: Variable" in said
    assert "dev-1: drift: Variable" in two.infra("promote", "dev", "prod", code=1)
    assert "there is no gate tests" in two.infra("promote", "dev", "prod", "--force", "tests=x", code=2)
    two.infra("promote", "dev", "prod", "--force", "verified=an outage", "--apply", "--yes")
    assert two.carried("prod")["promoted"]["forced"] == {"verified": "an outage"}
    two.git("checkout", "Pulumi.prod.yaml")
    (two.root / "infra" / "more.py").write_text("")
    two.infra("up", "-s", "dev", "--yes")
    said = two.infra("verify", code=2)
    assert "its last update ran from uncommitted files (not committed: infra/more.py)" in said


def test_each_gate_closes_by_itself(two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two.verified("first")
    two.infra("promote", "dev", "prod", "--apply", "--yes")
    two.commit("promote")
    two.version("second")
    two.infra("up", "-s", "dev", "--yes")
    assert two.closed() == ["verified"]
    # The checkout has another program by now than the deployed one.
    two.version("not deployed")
    said = two.infra("verify", code=1)
    assert "FAILED  drift: the stack is not as this program declares it: Variable" in said
    two.git("checkout", "-q", "HEAD~1", "--", "infra")
    two.commit("back")
    two.infra("verify")
    assert two.closed() == []

    two.edit_live("prod", "by hand")
    assert two.closed() == ["drift"]
    two.edit_live("prod", "first")

    project, rules = two.root / "Pulumi.yaml", two.root / "review.yaml"
    project.write_text(project.read_text().replace("- dev\n", "- dev\n  - staging\n"))
    assert two.closed() == ["stage"]
    two.git("checkout", "Pulumi.yaml")

    policy = "policy: [{name: small-steps, forbid: share, percent: 1, stacks: [prod]}]\n"
    rules.write_text(rules.read_text() + policy)
    assert two.closed() == ["policy"]
    pardon = "policy: small-steps, stack: prod, owner: ann, reason: agreed, expires: 2999-12-31"
    rules.write_text(rules.read_text() + f"overrides: [{{{pardon}, objects: ['*']}}]\n")
    assert two.closed() == []
    two.git("checkout", "review.yaml")

    two.configured("dev", secrets={"token": {"default": "of dev"}})
    assert two.closed() == ["secrets"]
    two.git("checkout", "Pulumi.dev.yaml")

    two.configured("prod", pools={"etl": {"concurrency_limit": 2, "workers": {"count": 1, "runs_in": "docker"}}})
    assert two.closed() == ["images"]
    two.git("checkout", "Pulumi.prod.yaml")

    # Another Prefect is installed here than the one that verified the release.
    other = tmp_path / "other" / "prefect-3.0.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: prefect\nVersion: 3.0.0\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(other.parent))
        assert two.closed() == ["versions"]
    assert two.closed() == []
    assert two.live("prod") == "first"


def test_a_rollback_skips_what_failed_there(two: Any) -> None:
    for version in ("first", "second"):
        two.verified(version)
        two.infra("promote", "dev", "prod", "--apply", "--yes")
        two.commit(f"promote {version}")
    two.edit_live("prod", "by hand")
    assert "FAILED  drift: Variable" in two.infra("verify", "-s", "prod", code=1)
    two.edit_live("prod", "second")
    two.verified("third")
    two.infra("promote", "dev", "prod", "--apply", "--yes")
    assert [each["id"] for each in two.json("release", "list", "-s", "prod")] == ["prod-3", "prod-2", "prod-1"]
    two.infra("rollback", "-s", "prod", "--yes")
    assert two.live("prod") == "first"
    two.infra("rollback", "-s", "prod", "--yes", "--to", "prod-2")  # who names it gets it
    assert two.live("prod") == "second"


def test_a_hotfix_in_prod_and_its_way_back(two: Any) -> None:
    two.verified("first")
    two.promoted()
    two.infra("up", "-s", "prod", "--yes")
    two.verified("second")
    released = two.carried("prod")["commit"]
    two.git("checkout", "-qb", "hotfix", released)
    fixed = two.version("mended")
    two.git("checkout", "-q", "main")
    said = two.infra("promote", "dev", "prod", "--commit", "hotfix", code=1)
    assert f"hotfix-{fixed} has not been verified" in said
    two.infra("promote", "dev", "prod", "--commit", "hotfix", "--force", "verified=prod is down", "--apply", "--yes")
    assert two.live("prod") == "mended"
    assert two.carried("prod")["commit"] == fixed
    two.commit("hotfix of prod")

    assert two.closed() == ["newer"]
    said = two.infra("promote", "dev", "prod", code=1)
    assert "newer: prod has what this release lacks" in said
    assert "version mended" in said
    two.git("merge", "-q", "-X", "ours", "-m", "bring the hotfix back", "hotfix")
    two.verified("third")
    two.promoted()
    two.infra("up", "-s", "prod", "--yes")
    assert two.live("prod") == "third"


def test_prods_state_may_be_where_only_the_official_cli_reaches(
    tmp_path: Path,
    prefect_server: str,
    postgres: str,
    pulumi_cli: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own backend in PostgreSQL stands for Pulumi Cloud and S3: the embedded engine knows none of them."""
    address = postgres_database(postgres, "states")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{pulumi_cli.parent}{os.pathsep}{os.environ['PATH']}")
    servers = {"dev": prefect_server, "prod": prefect_server}
    with promotion_project(tmp_path, PROGRAM, ["dev", "prod"], servers, remote={"prod": address}) as made:
        first = made.verified("first")
        made.promoted()
        made.version("second")
        made.infra("up", "-s", "prod", "--yes")
        assert (made.live("prod"), made.live("dev")) == ("first", "first")
        record = made.carried("prod")
        assert (record["id"], record["commit"], record["verification"]["passed"]) == ("prod-1", first, True)
        made.infra("up", "-s", "dev", "--yes")
        made.infra("verify", "-s", "dev")
        shown = made.json("promote", "dev", "prod", "--preview")
        assert [(row["kind"], row["path"]) for row in shown["changes"]] == [("Variable", "value")]
        made.infra("promote", "dev", "prod", "--apply", "--yes")
        assert made.live("prod") == "second"
        rows = {row["stack"]: row for row in made.json("status")["stacks"]}
        assert (rows["prod"]["release"]["id"], rows["prod"]["drift"]) == ("prod-2", "in sync")
        # The CLI destroys what it knows without running the program.
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        made.pulumi("destroy", "--yes", "--skip-preview", "-s", "prod", backend=address)
        assert made.live("prod") is None


def test_three_stages_and_two_prods(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    stages = ["dev", "staging", ["prod-eu", "prod-us"]]
    servers = dict.fromkeys(("dev", "staging", "prod-eu", "prod-us"), prefect_server)
    with promotion_project(tmp_path, PROGRAM, stages, servers) as made:
        # A workflow comes to stages that no release has reached: there is nothing to do, and nothing to tell of.
        assert made.infra("verify", "-s", "staging", "--once") == ""
        assert made.infra("promote", "staging", "prod-eu", "--push", "promote/prod-eu") == ""
        assert made.json("history", "-s", "staging") == made.json("history", "-s", "prod-eu") == []
        assert "has not been created yet" in made.infra("verify", "-s", "staging", code=2)
        assert "has not been created yet" in made.infra("promote", "staging", "prod-eu", code=2)
        commit = made.verified("first")
        said = made.infra("promote", "dev", "prod-eu", code=1)
        assert "stage: it skips staging" in said
        made.infra("promote", "dev", "staging", "--apply", "--yes")
        made.commit("staging")
        for target in ("prod-eu", "prod-us"):
            made.infra("promote", "staging", target, "--apply", "--yes")
            record = made.carried(target)
            assert (record["commit"], record["promoted"]["stage"]) == (commit, "staging")
            made.commit(target)
            if target == "prod-eu":
                said = made.infra("promote", "prod-eu", "prod-us", code=1)
                assert "prod-us does not come after prod-eu" in said
        # A release that went to staging without having been in dev.
        path = made.root / "Pulumi.staging.yaml"
        text = yaml.safe_load(path.read_text())
        del text["config"]["prefect-infra:environment"]["release"]
        path.write_text(yaml.safe_dump(text))
        made.version("around dev")
        made.infra("up", "-s", "staging", "--yes")
        made.infra("verify", "-s", "staging")
        assert "it was not promoted to staging from dev" in made.infra("promote", "staging", "prod-eu", code=1)
        made.infra("promote", "staging", "prod-eu", "--force", "stage=dev is down", "--apply", "--yes")
        assert made.carried("prod-eu")["promoted"]["forced"] == {"stage": "dev is down"}
