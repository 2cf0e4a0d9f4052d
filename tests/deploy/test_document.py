"""Reading a YAML file with the lines of its keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.deploy.file.document import parse, plain, read
from prefect_pulumi.deploy.file.loader import modelled

TEXT = """\
definitions:
  pool: &pool
    name: etl
    job_variables: {}
deployments:
  - name: a
    work_pool:
      <<: *pool
      work_queue_name: fast
  - {name: b, schedule: {cron: 0 6 * * *}}
pull:
  prefect.deployments.steps.git_clone:
    repository: x
"""


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        (["deployments", 0, "name"], "line 6: deployments[0].name"),
        (["deployments", 0, "work_pool", "name"], "line 3: deployments[0].work_pool.name"),
        (["deployments", 0, "work_pool", "work_queue_name"], "line 9: deployments[0].work_pool.work_queue_name"),
        (["deployments", 0, "work_pool", "nothing"], "line 7: deployments[0].work_pool.nothing"),
        (["deployments", 1, "schedule", "cron"], "line 10: deployments[1].schedule.cron"),
        (["deployments", 5, "name"], "line 5: deployments[5].name"),
        (
            ["pull", 0, "prefect.deployments.steps.git_clone", "repository"],
            "line 13: pull.prefect.deployments.steps.git_clone.repository",
        ),
        ([], "line 1"),
    ],
)
def test_places(keys: list[str | int], place: str) -> None:
    assert parse(TEXT, Path("prefect.yaml")).place(keys) == place


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PreflightError) as caught:
        read(tmp_path / "prefect.yaml")
    assert str(caught.value) == (
        f"prefect.yaml: there is no such file\n  -> write one in {tmp_path}, or name another as `prefect_file` (and "
        "`directory`)"
    )
    (tmp_path / "latin.yaml").write_bytes(b"name: x\ndescription: caf\xe9\n")
    with pytest.raises(PreflightError, match=r"latin\.yaml: line 2: it is not UTF-8 text"):
        read(tmp_path / "latin.yaml")
    with pytest.raises(PreflightError, match="Is a directory"):
        read(tmp_path)


def test_anchors_that_grow_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(PreflightError, match="more than 200000 values"):
        parse("\n".join(lines), Path("prefect.yaml"))


def test_dates_become_texts(tmp_path: Path) -> None:
    document = parse("a: 2026-01-01\nb: [2026-01-01T06:00:00]\n", Path("x"))
    assert plain(document.data) == {"a": "2026-01-01", "b": ["2026-01-01T06:00:00"]}
    (tmp_path / "prefect.yaml").write_text("deployments:\n")
    assert modelled(read(tmp_path / "prefect.yaml")).raw == {"deployments": []}
