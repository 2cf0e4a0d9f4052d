"""What a pinned stack's program gets: the release's images, and a refusal when it is another commit's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.components.environment import released
from prefect_pulumi.project import layout
from prefect_pulumi.project.secret_settings import SettingsError
from prefect_pulumi.project.settings import Environment, parse_environment

COMMIT = "c" * 40
DIGEST = "registry.example.com/reports@sha256:" + "0" * 64
RAW: dict[str, Any] = {
    "server": {"api_url": "https://prefect.example.com/api"},
    "pools": {
        "reports": {"type": "docker", "workers": {"count": 1}},
        "etl": {"type": "process", "workers": 1},
        "idle": {"type": "docker"},
    },
    "release": {"id": "dev-3", "commit": COMMIT, "stage": "dev", "images": {"reports": DIGEST, "etl": DIGEST}},
}


@pytest.fixture
def at_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: test\n")
    (tmp_path / layout.RELEASE_MARK).write_text(COMMIT + "\n")
    (tmp_path / "infra").mkdir()
    monkeypatch.chdir(tmp_path / "infra")
    return tmp_path


def environment(**release: Any) -> Environment:
    return parse_environment({**RAW, "release": {**RAW["release"], **release}}, "prod")


def test_images_come_from_the_release(at_release: Path) -> None:
    found = released(environment(), "prod")
    assert found.released == COMMIT
    assert found.pools["reports"].workers.image == DIGEST
    assert found.pools["etl"].workers.image is None  # processes have none
    assert found.pools["idle"].workers.image is None


def test_a_program_of_another_commit_is_refused(at_release: Path) -> None:
    with pytest.raises(SettingsError, match="pinned to the release of commit dddddddddddd") as caught:
        released(environment(commit="d" * 40), "prod")
    assert "this program is of cccccccccccc" in str(caught.value)
    assert "infra release checkout -s prod" in str(caught.value)


def test_without_a_pin_nothing_changes() -> None:
    raw = {key: value for key, value in RAW.items() if key != "release"}
    found = parse_environment(raw, "prod")
    assert released(found, "prod") is found
    assert found.released is None


@pytest.mark.parametrize(
    ("release", "fault"),
    [
        ({"commit": "main"}, "environment.release.commit"),
        ({"digest": "x"}, "environment.release.digest: unknown key"),
    ],
)
def test_a_broken_pin_is_named(release: dict[str, Any], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault.replace(".", r"\.")):
        environment(**release)


def test_a_broken_smoke_run_is_named() -> None:
    with pytest.raises(SettingsError, match=r"environment\.verification\.smoke\.0\.deployment"):
        parse_environment({**RAW, "verification": {"smoke": [{"deployment": "nightly"}]}}, "prod")
