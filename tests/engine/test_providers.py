"""Provider instances of a run, and the names of default ones."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.errors import StateError
from prefect_pulumi.core.values import UNKNOWN
from prefect_pulumi.engine.plan.provider_goals import default_name
from prefect_pulumi.engine.run.providers import ProviderPool, UnconfiguredProvider
from prefect_pulumi.state.entries import ResourceEntry

URN = "urn:pulumi:dev::p::pulumi:providers:x::own"


@pytest.mark.parametrize(
    ("version", "url", "name"),
    [
        ("", "", "default"),
        ("1.2.3", "", "default_1_2_3"),
        ("1.2.3-alpha.4+sha.5", "", "default_1_2_3_alpha_4_sha_5"),
        ("1.2.3+build", "", "default_1_2_3_build"),
        ("1.2.3", "https://example.com/a b", "default_1_2_3_https_/example.com/a_b"),
        ("", "github://api.github.com/-x", "default_github_/api.github.com/_x"),
    ],
)
def test_names_of_default_providers(version: str, url: str, name: str) -> None:
    assert default_name(version, url) == name


class Counted(UnconfiguredProvider):
    def __init__(self, asked: tuple[Any, ...]) -> None:
        self.asked = asked
        self.config: Any = None
        self.closed = 0

    def configure(self, inputs: Any) -> None:
        if inputs.get("bad"):
            raise StateError("bad")
        self.config = dict(inputs)

    def close(self) -> None:
        self.closed += 1


def pool() -> tuple[ProviderPool, list[Counted]]:
    made: list[Counted] = []

    def load(*asked: Any) -> Counted:
        made.append(Counted(asked))
        return made[-1]

    return ProviderPool(load), made


def test_an_old_instance_serves_what_it_made() -> None:
    """After a provider was replaced its old objects are deleted with the old configuration."""
    providers, made = pool()
    providers.install(URN, "new", providers.load(URN, {"k": 2}), {"k": 2})
    olds = [ResourceEntry(URN, "pulumi:providers:x", True, id="old", inputs={"k": 1})]
    user = ResourceEntry("u", "x:a:B", True, provider=f"{URN}::old")
    assert providers.for_entry(user, olds) is made[1]
    assert made[1].config == {"k": 1}
    assert providers.for_entry(user, []) is made[1]
    assert providers.get(URN) is made[0]
    providers.close()
    assert [each.closed for each in made] == [1, 1]
    with pytest.raises(StateError, match="not in the state"):
        providers.for_entry(user, [])


def test_the_plugin_is_asked_for_as_the_state_says() -> None:
    providers, made = pool()
    internal = {"pluginDownloadURL": "https://example.com", "pluginChecksums": {"linux-amd64": "00"}}
    providers.load(URN, {"version": "1.2.3", "__internal": internal})
    assert made[0].asked == ("x", "1.2.3", "https://example.com", {"linux-amd64": "00"})


def test_none_is_left_running() -> None:
    providers, made = pool()
    providers.install(URN, "a", providers.load(URN, {}), {"k": UNKNOWN})
    assert made[0].closed == 1
    assert isinstance(providers.get(URN), UnconfiguredProvider)
    with pytest.raises(StateError):
        providers.install(URN, "b", providers.load(URN, {}), {"bad": True})
    assert made[1].closed == 1
