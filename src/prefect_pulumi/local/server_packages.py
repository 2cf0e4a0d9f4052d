"""The packages that the embedded server runs with, as the extra `local` of the toolkit asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.version import Version

from prefect_pulumi.core.errors import LocalProcessError

DISTRIBUTION, EXTRA = "prefect-pulumi", "local"
FREE_SINCE = "3.9"
"""The first Prefect whose server works with the newest of these packages."""


def need_server_packages() -> None:
    """Raises `LocalProcessError` for a version that Prefect's server is known not to work with: it starts, and fails
    later in ways that do not name the package."""
    try:
        wrong = wrong_packages(requires(DISTRIBUTION) or [], version)
    except PackageNotFoundError:
        return  # a bare source tree
    if wrong:
        raise LocalProcessError(
            f"the server of Prefect {version('prefect')} on this machine does not work with {', '.join(wrong)}",
            where="environment.server.embedded",
            remedy=f"pip install '{DISTRIBUTION}[{EXTRA}]' or 'prefect>={FREE_SINCE}', or use an existing server: "
            "environment.server.api_url",
        )


def wrong_packages(requirements: Iterable[str], installed: Callable[[str], str]) -> list[str]:
    """`name version in place of specifier` of each package that the extra asks for in another version than
    `installed` gives for its name; none of them counts for a Prefect that is free of them."""
    if Version(installed("prefect")) >= Version(FREE_SINCE):
        return []
    wanted = [requirement for requirement in map(Requirement, requirements) if _is_local(requirement)]
    versions = {requirement.name: installed(requirement.name) for requirement in wanted}
    return [
        f"{requirement.name} {versions[requirement.name]} in place of {requirement.specifier}"
        for requirement in wanted
        if not requirement.specifier.contains(versions[requirement.name])
    ]


def _is_local(requirement: Requirement) -> bool:
    marker = requirement.marker
    return marker is not None and marker.evaluate({"extra": EXTRA}) and not marker.evaluate({"extra": ""})
