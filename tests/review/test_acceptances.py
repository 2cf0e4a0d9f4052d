"""Acceptances written into `review.yaml`, in whatever way its list stands there."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.review.edits.acceptances import added

NEW = {"object": "WorkPool etl", "fields": {"limit": 3}, "owner": "ana", "expires": date(2026, 12, 31)}
OLD = "{object: WorkPool ml, owner: bob, reason: why, expires: 2026-12-01}"

FILES = {
    "nothing": "",
    "comments alone": "# rules\n",
    "other keys": "ignored:\n- WorkPool x  # ours\n",
    "no line end": "ignored: [WorkPool x]",
    "an empty key": "accepted:\nignored: [WorkPool x]\n",
    "an empty key with a comment": "accepted:  # none yet\nignored: [WorkPool x]\n",
    "an empty key at the end": "ignored: []\naccepted:",
    "null": "accepted: null\nignored: []\n",
    "an empty list": "accepted: []\nignored: []\n",
    "an empty list over lines": "accepted: [\n]\nignored: []\n",
    "lines": "accepted:\n- object: WorkPool ml\n  owner: bob\nignored: []\n",
    "deeper lines": "accepted:\n  # of the team\n  - object: WorkPool ml\n    owner: bob\n",
    "brackets": f"accepted: [{OLD}]  # two of us\nignored: []\n",
    "brackets with a comma": f"accepted: [{OLD},]\n",
    "brackets over lines": f"accepted: [\n  {OLD},  # ml\n]\nignored: []\n",
    "brackets and a comment": f"accepted: [\n  {OLD}  # ml, too\n]\n",
    "brackets that end in a comment": f"accepted: [\n  {OLD},\n  # no more\n]\n",
    "a quoted key": f"'accepted': [{OLD}]\n",
    "all in braces": f"{{accepted: [{OLD}], ignored: []}}\n",
    "all in braces without it": "{ignored: []}\n",
    "all in braces and empty": "{accepted: []}\n",
    "empty braces": "{}\n",
    "names in other scripts": f"accepted: [{OLD.replace('why', 'größer, 日本')}]\nignored: []\n",
}


@pytest.mark.parametrize("name", FILES)
def test_the_list_grows_and_all_else_stays(name: str) -> None:
    before = FILES[name]
    after = added(before, [NEW, {**NEW, "object": "WorkPool two"}], "review.yaml")
    old = yaml.safe_load(before) or {}
    new = yaml.safe_load(after)
    items = old.get("accepted") or []
    assert sorted(item["object"] for item in new["accepted"]) == sorted(
        [*(item["object"] for item in items), "WorkPool etl", "WorkPool two"]
    )
    assert all(item in new["accepted"] for item in [*items, NEW])
    assert {key: value for key, value in new.items() if key != "accepted"} == {
        key: value for key, value in old.items() if key != "accepted"
    }
    for comment in [line[line.index("#") :] for line in before.splitlines() if "#" in line]:
        assert comment in after
    assert len(yaml.safe_load(added(after, [NEW], "review.yaml"))["accepted"]) == len(new["accepted"]) + 1


@pytest.mark.parametrize(
    "text", ["accepted: etl\n", "accepted: {a: 1}\n", "- a\n", "etl\n", "a: &x []\naccepted: *x\n"]
)
def test_a_list_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="cannot be extended"):
        added(text, [NEW], "review.yaml")
