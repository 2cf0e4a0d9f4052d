"""Updates: what plain `prefect deploy` leaves wrong, shown first as it is and then put right by the step.

Plain deploys cost seconds each, so that few of them show all the faults together.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prefect_pulumi.core.provider_protocol import (
    DeleteRequest,
)
from tests.provider.plain_deploy_lab import HOURLY, TRIGGER, UI, URN, PlainDeployLab

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prefect_server: str) -> Iterator[PlainDeployLab]:
    made = PlainDeployLab(tmp_path_factory.mktemp("updates"), prefect_server)
    yield made
    made.clear()
    made.client.request("DELETE", f"/work_pools/{made.pool}")
    made.provider.close()


EDITS = {
    "tags": ["ui"],
    "description": "by the UI",
    "paused": True,
    "parameters": {"name": "ui"},
    "concurrency_limit": 7,
}
FIELDS = ("tags", "description", "paused", "parameters")


def edition(lab: PlainDeployLab) -> tuple[list[str], list[str]]:
    """One file before and after a change of two of its entries."""
    same = lab.entry("same", HOURLY + TRIGGER.replace("TAG", lab.tag))
    before = [
        same,
        lab.entry("slugs", "    schedules: [{slug: old, cron: '0 6 * * *'}, {slug: kept, cron: '0 7 * * *'}]\n"),
        lab.entry("emptied", HOURLY),
        lab.entry("bare", "    schedules: [{cron: '0 * * * *'}]\n"),
        lab.entry("edited", "    tags: [code]\n"),
    ]
    after = [
        same,
        lab.entry("slugs", "    schedules: [{slug: new, cron: '0 6 * * *'}, {slug: kept, cron: '0 8 * * *'}]\n"),
        lab.entry("emptied", "    schedules: []\n"),
        *before[3:],
    ]
    return before, after


def test_updates_of_plain_prefect_deploy(lab: PlainDeployLab) -> None:
    """The faults, as they are: over a deploy that means to change none of it."""
    before, after = edition(lab)
    lab.write(*before)
    assert lab.plain("--all").returncode == 0
    lab.fill("same")
    lab.patch("edited", **EDITS, enforce_parameter_schema=False)
    lab.pause("bare")
    runs, automations = lab.runs("same"), lab.automations("same")
    lab.write(*after)
    assert lab.plain("--all").returncode == 0
    assert not runs & lab.runs("same")
    assert len(automations) == 1
    assert not automations & lab.automations("same")
    assert set(lab.active("slugs")) == {"old", "new", "kept"}
    assert set(lab.active("emptied")) == {"hourly"}
    assert list(lab.active("bare").values()) == [True]
    edited = lab.live("edited")
    assert {name: edited[name] for name in FIELDS} != {name: EDITS[name] for name in FIELDS}
    assert edited["enforce_parameter_schema"] is False
    lab.write(before[0])
    assert lab.plain("--all").returncode == 0
    assert len(lab.names()) == 5  # nothing was pruned
    lab.clear()


def test_updates(lab: PlainDeployLab) -> None:
    """Scheduled runs, automations, schedules and the UI's edits over a deploy that means to change none of them."""
    before, after = edition(lab)
    _created_once(lab, before)
    automations = _only_the_changed_are_deployed(lab, after)
    _edits_are_drift_and_healed(lab)
    owned = _what_the_ui_owns_stays(lab, before, after)
    _triggers_and_losses_are_healed(lab, owned, automations)


def _created_once(lab: PlainDeployLab, before: list[str]) -> None:
    lab.write(*before)
    assert {each["action"] for each in lab.up().values()} == {"create"}
    # Killed before its state was saved, an update goes on from what it noted: nothing is deployed once more.
    lab.outputs, times = {}, {name: lab.live(name)["updated"] for name in lab.names()}
    assert {each["action"] for each in lab.up().values()} == {"recover"}
    assert times == {name: lab.live(name)["updated"] for name in lab.names()}
    assert len(lab.outputs["automations"][f"{lab.flow}/same"]) == 1


def _only_the_changed_are_deployed(lab: PlainDeployLab, after: list[str]) -> set[str]:
    """Returns the automations of the entry that did not change."""
    lab.fill("same")
    runs, automations = lab.runs("same"), lab.automations("same")
    assert len(runs) >= 20
    assert len(automations) == 1
    slugs = {each["slug"]: each["id"] for each in lab.live("slugs")["schedules"]}
    assert lab.up() == {}
    calls, paged = [], lab.client.paged
    lab.client.paged = lambda path, body=None: [calls.append(path), paged(path, body)][1]  # type: ignore[method-assign]
    assert lab.refresh() == {}
    lab.client.paged = paged  # type: ignore[method-assign]
    assert calls == ["/flows/filter", "/deployments/filter", "/automations/filter"]
    lab.write(*after)
    changed = lab.up()
    assert {name: each["action"] for name, each in changed.items()} == {
        "same": "skip",
        "slugs": "update",
        "emptied": "update",
        "bare": "skip",
        "edited": "skip",
    }
    assert changed["slugs"]["changes"]["schedules.kept.cron"] == {"old": "0 7 * * *", "new": "0 8 * * *"}
    assert changed["emptied"]["changes"]["schedules.hourly"]["new"] is None
    assert runs <= lab.runs("same")
    assert lab.automations("same") == automations
    now = {each["slug"]: each["id"] for each in lab.live("slugs")["schedules"]}
    assert set(now) == {"new", "kept"}
    assert now["kept"] == slugs["kept"]
    assert lab.active("emptied") == {}
    return automations


def _edits_are_drift_and_healed(lab: PlainDeployLab) -> None:
    """With who and when; healed is what the code owns."""
    lab.patch("edited", **EDITS, enforce_parameter_schema=False, path="/elsewhere")
    bare = lab.live("bare")
    schedule = f"/deployments/{bare['id']}/schedules/{bare['schedules'][0]['id']}"
    lab.client.request("PATCH", schedule, json={"active": False, "max_scheduled_runs": 3})
    drift = lab.refresh()
    rule = "schedules.0 * * * *"
    assert drift["bare"] == {f"{rule}.active": (True, False), f"{rule}.max_scheduled_runs": (None, 3)}
    assert set(drift["edited"]) == {
        *("tags", "description", "paused", "parameters.name", "concurrency_limit", "enforce_parameter_schema", "path")
    }
    assert drift["edited"]["description"] == ("Says hello.", "by the UI")
    assert lab.outputs["drift"][f"{lab.flow}/edited"]["updated"]
    healed = lab.up()
    assert healed["bare"]["activates"] == ["0 * * * *"]
    assert {name for name, each in healed.items() if each["action"] == "update"} == {"bare", "edited"}
    assert lab.refresh() == {}
    edited = lab.live("edited")
    assert [edited[name] for name in FIELDS] == [["code"], "Says hello.", False, {}]
    assert edited["enforce_parameter_schema"] is True
    assert edited["global_concurrency_limit"] is None


def _what_the_ui_owns_stays(lab: PlainDeployLab, before: list[str], after: list[str]) -> tuple[str, ...]:
    """It is neither reset nor drift, and a change of the code does not touch it. Returns the file's entries."""
    rest = (before[0], after[1].replace("new,", "'new',"))
    owned = (*rest, lab.entry("edited", "    tags: [code]\n    schedules: [{slug: s, cron: '0 6 * * *'}]\n"))
    lab.write(*owned)
    pruned = lab.up(uiOwns=UI)
    assert {name for name, each in pruned.items() if each["action"] == "prune"} == {"emptied", "bare"}
    assert lab.names() == {"same", "slugs", "edited"}
    lab.patch("edited", **EDITS)
    lab.pause("edited")
    assert lab.refresh() == {}
    assert lab.up(uiOwns=UI) == {}
    lab.write(*owned[:2], owned[2].replace("0 6", "0 5"))
    update = lab.up(uiOwns=UI)["edited"]
    assert update["changes"] == {"schedules.s.cron": {"old": "0 6 * * *", "new": "0 5 * * *"}}
    edited = lab.live("edited")
    assert {name: edited[name] for name in FIELDS} == {name: EDITS[name] for name in FIELDS}
    assert edited["global_concurrency_limit"]["limit"] == 7
    assert lab.active("edited") == {"s": False}
    assert edited["schedules"][0]["schedule"]["cron"] == "0 5 * * *"
    return owned


def _triggers_and_losses_are_healed(lab: PlainDeployLab, owned: tuple[str, ...], automations: set[str]) -> None:
    """A trigger that changes keeps its automation's id; runs deleted by the write are recreated at once."""
    lab.write(owned[0].replace("order.made", "order.paid"), *owned[1:])
    assert lab.up(uiOwns=UI)["same"]["automations"] == {lab.tag: "changed in place"}
    assert lab.automations("same") == automations
    assert lab.runs("same")
    # Deleted outside, moved to another queue: seen and healed.
    lab.client.request("DELETE", f"/automations/{next(iter(automations))}")
    lab.client.request("DELETE", f"/deployments/{lab.live('slugs')['id']}")
    lab.patch("edited", work_pool_name=lab.pool, work_queue_name="elsewhere")
    drift = lab.refresh()
    assert set(drift) == {"same", "edited"}
    assert drift["edited"] == {"work_queue_name": ("default", "elsewhere")}
    assert f"{lab.flow}/slugs" not in lab.outputs["deployments"]
    healed = lab.up(uiOwns=UI)
    assert {name: each["action"] for name, each in healed.items()} == {
        "same": "update",
        "slugs": "create",
        "edited": "update",
    }
    assert lab.refresh() == {}
    assert len(lab.automations("same")) == 1
    lab.provider.delete(DeleteRequest(URN, "prefect.yaml", lab.inputs, lab.outputs))
    assert lab.names() == set()
    lab.clear()
