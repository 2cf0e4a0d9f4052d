"""A team's year in short: three stages on three servers, two prods, a git remote and the code host's reviews.

Each test begins with a release of its own, so that one can run alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.code_host import ReviewHost, review_host
from tests.support.engines import LANGUAGE_HOST
from tests.support.golden import need_golden
from tests.support.killed_promotion import killed
from tests.support.rest import call
from tests.support.three_stages import ENVIRONMENT, PROGRAM, ThreeStages, Transcript, three_stages

pytestmark = [pytest.mark.matrix, pytest.mark.e2e, pytest.mark.timeout(1800), pytest.mark.xdist_group("three stages")]

PAGE = Path(__file__).parents[3] / "docs" / "promotion-transcript.md"
HEAD = """# Transcript of a promotion

A release on its way from `dev` over `staging` to `prod-us`, by the workflow
[promote.yml](../.github/workflows/promote.yml): nobody types a command, and each promotion is two clicks in the code
host. What the workflow's jobs run and print stands below. `tests/e2e/promotion/test_three_stages.py` wrote it from a
run on three servers (SQLite, PostgreSQL, PostgreSQL behind two API replicas); names, commits, times and checksums are
replaced. [Promotion](promotion.md) explains each step.

```text
"""
IMAGES = """
from hashlib import sha256
from prefect_pulumi.project.pool_settings import PoolSettings

image = "registry.example.com/flows@sha256:" + sha256({version}.encode()).hexdigest()
settings = PoolSettings(type="docker", job={{"image": image}})
pools.append(Pool(f"{name}-{{pulumi.get_stack()}}-images", settings, server.options, server=server))
"""  # as a pipeline that builds commits the digest


@pytest.fixture(scope="module")
def stages(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeStages]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        with three_stages(tmp_path_factory.mktemp("three-stages"), prefect_server) as team:
            yield team


@pytest.fixture
def team(stages: ThreeStages, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreeStages]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield stages
    stages.program = PROGRAM
    stages.git("checkout", "-q", "-f", "main")
    stages.declare("prod-us")  # no rule is left to the next test


@pytest.fixture(params=["github", "gitlab"])
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReviewHost]:
    with review_host() as made:
        for name, value in getattr(made, request.param)().items():
            monkeypatch.setenv(name, value)
        yield made


def workflow(transcript: Transcript) -> None:
    """What promote.yml runs after each push to main."""
    team = transcript.team
    for stack, following in (("dev", "staging"), ("staging", "prod-us"), ("prod-us", "")):
        transcript.infra("up", "-s", stack, "--yes", "--staged")
        if following:
            transcript.infra("verify", "-s", stack, "--once")
            branch = f"promote/{following}"
            transcript.infra("promote", stack, following, "--push", branch)
            team.git("checkout", "-q", "--", f"Pulumi.{following}.yaml")  # a job ends with its clone


def merge(team: ThreeStages, branch: str) -> str:
    team.git("fetch", "-q")
    team.git("merge", "-q", "--no-ff", "-m", f"merge {branch}", f"origin/{branch}")
    team.git("push", "-q", "origin", "HEAD")
    return team.git("rev-parse", f"origin/{branch}")


def pulled_commit(team: ThreeStages, stack: str) -> str:
    """The commit that runs of the stack's deployment clone."""
    deployment = call(team.servers[stack], "GET", f"/deployments/name/{team.name}/{stack}")
    (step,) = deployment["pull_steps"]
    return str(step["prefect.deployments.steps.git_clone"].get("commit_sha") or "")


def test_a_normal_promotion_is_two_clicks_and_no_command(team: ThreeStages, host: ReviewHost) -> None:
    team.declare("prod-us", approvals=1)
    transcript = Transcript(team)
    by_github = "GITHUB_TOKEN" in os.environ
    first = team.version("the first" if by_github else "the next")
    transcript.step("a change is merged into main")
    workflow(transcript)
    for target in ("staging", "prod-us"):
        host.reviews.clear()
        clicks = transcript.clicks
        transcript.click(f"Approve, in the pull request of promote/{target}")
        transcript.click("Merge pull request")
        pinned = merge(team, f"promote/{target}")
        host.commits = [pinned, team.git("rev-parse", "HEAD")]
        host.approve("ben")
        workflow(transcript)
        assert transcript.clicks - clicks == 2
        team.git("fetch", "-q")
        assert team.git("rev-parse", f"origin/promote/{target}") == pinned  # nothing is proposed again
    transcript.infra("status", "--no-drift")
    record = team.carried("prod-us")
    assert (record["commit"], record["promoted"]["stage"]) == (first, "staging")
    assert "was approved by ben" in record["verification"]["approval"]
    assert [team.live(stack) for stack in ("dev", "staging", "prod-us")] == [
        "the first" if by_github else "the next"
    ] * 3
    assert pulled_commit(team, "staging") == pulled_commit(team, "prod-us") == first
    team.declare("prod-us")
    if by_github:
        need_golden(f"{HEAD}{transcript.text().rstrip()}\n```\n", PAGE)


def test_by_hand_it_is_two_commands(team: ThreeStages) -> None:
    commit = team.released("by hand")
    team.infra("promote", "staging", "prod-us", "--apply", "--yes")
    team.git("commit", "-qam", "promote by hand")
    team.git("push", "-q", "origin", "HEAD")
    assert team.carried("prod-us")["commit"] == commit
    assert team.live("prod-us") == "by hand"


def test_the_official_engine_deploys_the_other_prod(team: ThreeStages, tmp_path: Path, pulumi_cli: Path) -> None:
    commit = team.released("by both engines")
    team.infra("promote", "staging", "prod-eu")
    team.commit("promote to prod-eu")
    folder = team.infra("release", "checkout", "-s", "prod-eu").strip()
    path = os.pathsep.join([str(pulumi_cli.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, **team.json("env", "-s", "prod-eu"), "PATH": path, "PULUMI_HOME": str(tmp_path / "home")}
    command = [pulumi_cli, "up", "--yes", "--skip-preview", "--stack", "prod-eu", "--non-interactive"]
    done = subprocess.run(
        [*command, *LANGUAGE_HOST.flags()],
        cwd=folder,
        env={**env, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = team.carried("prod-eu")
    assert (record["commit"], record["promoted"]["stage"]) == (commit, "staging")
    assert pulled_commit(team, "prod-eu") == commit
    team.infra("verify", "-s", "prod-eu")
    assert team.infra("up", "-s", "prod-eu", "--yes") == ""


def test_each_gate_refuses_by_itself(team: ThreeStages) -> None:
    route = {"source": "staging", "target": "prod-us"}
    team.released("before the gates", "prod-us")
    team.released("at the gates")
    assert team.closed(**route) == []
    assert team.closed(source="dev", target="prod-us") == ["stage"]
    team.edit_live("prod-us", "by hand")
    assert team.closed(**route) == ["drift"]
    team.edit_live("prod-us", "before the gates")
    team.edit_live("staging", "by hand")
    team.infra("verify", "-s", "staging", code=1)
    assert team.closed(**route) == ["verified"]
    team.edit_live("staging", "at the gates")
    team.infra("verify", "-s", "staging")

    rules = team.root / "review.yaml"
    rules.write_text(rules.read_text() + "policy: [{name: nothing, forbid: share, percent: 0, stacks: [prod-us]}]\n")
    assert team.closed(**route) == ["policy"]
    team.git("checkout", "-q", "review.yaml")
    team.configured("prod-us", secrets={"token": {"env": "TOKEN_OF_PROD"}})
    assert team.closed(**route) == ["secrets"]
    team.git("checkout", "-q", "Pulumi.prod-us.yaml")
    today = datetime.now(UTC).date()
    freeze = {"first": today - timedelta(days=1), "last": today + timedelta(days=1)}
    for gate, rule in (("freeze", [freeze]), ("soak_hours", 100)):
        team.declare("prod-us", **{gate: rule})
        assert team.closed(**route) == [gate.partition("_")[0]]
    team.declare("prod-us", approvals=1)
    said = team.infra("promote", "staging", "prod-us", "--apply", "--yes", code=1)
    assert "approved: the reviews cannot be read" in said  # here is no code host
    team.declare("prod-us")
    assert team.closed(**route) == []
    assert team.live("prod-us") == "before the gates"


def test_a_stale_plan_touches_nothing(team: ThreeStages) -> None:
    team.released("before", "prod-us")
    team.released("after")
    team.infra("promote", "staging", "prod-us")
    team.commit("promote to prod-us")
    pool = f"{team.name}-prod-us"
    team.configured("prod-us", pools={pool: {"concurrency_limit": 9}})
    assert "something changed since" in team.infra("up", "-s", "prod-us", "--yes", code=3)
    assert team.live("prod-us") == "before"
    team.git("checkout", "-q", "Pulumi.prod-us.yaml")
    team.infra("up", "-s", "prod-us", "--yes")
    assert team.live("prod-us") == "after"


def test_a_hotfix_and_a_rollback_to_an_older_release(team: ThreeStages) -> None:
    team.released("one", "prod-us")
    oldest = team.carried("prod-us")["id"]
    released = team.released("two", "prod-us")
    team.git("checkout", "-qb", "hotfix", released)
    fixed = team.version("hotfix")
    team.git("checkout", "-q", "main")
    forced = ("--force", "verified=prod is down", "--force", "stage=prod is down")
    team.infra("promote", "staging", "prod-us", "--commit", "hotfix", *forced, "--apply", "--yes")
    assert (team.live("prod-us"), team.carried("prod-us")["commit"]) == ("hotfix", fixed)
    assert pulled_commit(team, "prod-us") == fixed
    team.commit("hotfix of prod-us")
    team.released("without the hotfix")
    assert team.closed(source="staging", target="prod-us") == ["newer"]
    team.infra("rollback", "-s", "prod-us", "--yes", "--to", oldest)
    assert team.live("prod-us") == "one"
    team.commit("rolled back")


@pytest.mark.parametrize("phase", ["pin", "deploy", "in the update", "workers", "smoke"])
def test_killed_at_each_step_the_next_call_goes_on(team: ThreeStages, phase: str) -> None:
    team.version(f"killed at {phase}")
    forced = ("--force", "verified=a test", "--force", "stage=a test")
    team.infra("promote", "staging", "prod-us", "--commit", "main", *forced)
    team.commit("promote to prod-us")
    killed(team, phase, stack="prod-us")
    team.infra("up", "-s", "prod-us", "--yes")
    assert team.live("prod-us") == f"killed at {phase}"
    team.infra("preview", "-s", "prod-us", "--expect-no-changes")


def test_the_image_and_the_commit_that_were_verified_are_promoted(team: ThreeStages) -> None:
    def code(stack: str) -> tuple[str, str]:
        """Image and commit that runs start from."""
        pool = call(team.servers[stack], "GET", f"/work_pools/{team.name}-{stack}-images")
        return pool["base_job_template"]["variables"]["properties"]["image"]["default"], pulled_commit(team, stack)

    last = 'declare_release("release"'
    team.program = PROGRAM.replace(last, IMAGES + last)
    commit = team.released("of this image")
    verified = code("staging")
    assert verified[0].startswith("registry.example.com/flows@sha256:")
    assert verified[1] == commit
    team.verified("of another image")  # dev goes on
    team.infra("promote", "staging", "prod-us", "--apply", "--yes")
    team.commit("promote to prod-us")
    assert code("prod-us") == code("staging") == verified
    assert code("dev")[0] not in verified
