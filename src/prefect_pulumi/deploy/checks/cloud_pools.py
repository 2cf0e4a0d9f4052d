"""What a pool that Prefect Cloud runs itself needs of its deployments: code from elsewhere, on managed pools official
images; pure."""

from __future__ import annotations

from prefect_pulumi.deploy.checks.findings import Entry, Findings, Subject, step_list, step_parts
from prefect_pulumi.deploy.file.placeholders import open_template
from prefect_pulumi.models.work_pool import MANAGED, cloud_only, is_official_image

LOCAL_STEPS = frozenset(
    {
        "prefect.deployments.steps.set_working_directory",
        "prefect.deployments.steps.pip_install_requirements",
        "prefect.deployments.steps.utility.pip_install_requirements",
    }
)
"""Pull steps that bring no code."""
BUILD_IMAGE = "prefect_docker.deployments.steps.build_docker_image"


def check_cloud_pool(subject: Subject, findings: Findings, entry: Entry) -> bool:
    """Whether nothing else is to be said of where the code of its runs is."""
    name = entry.work_pool.get("name")
    pool = None if open_template(name) else subject.context.pools.get(str(name))
    if pool is None or not cloud_only(pool.type):
        return False
    image = entry.job_variables.get("image")
    builds = [step_parts(step)[0] for step in step_list(subject.steps(entry, "build"))]
    if pool.type == MANAGED:
        if BUILD_IMAGE in builds:
            findings.fault(
                entry.keys, f"the pool {name!r} is of type {MANAGED}, which runs official images only: build none"
            )
        elif isinstance(image, str) and not open_template(image) and not is_official_image(image):
            findings.fault(
                (*entry.keys, "work_pool", "job_variables", "image"),
                f"the pool {name!r} is of type {MANAGED}, which runs official images only, such as "
                "prefecthq/prefect:3-latest; for packages of your own give pip_packages",
            )
    elif image or BUILD_IMAGE in builds:
        return False
    pull = subject.steps(entry, "pull")
    if all(step_parts(step)[0] in LOCAL_STEPS for step in step_list(pull)):
        findings.fault(
            entry.keys,
            f"the pool {name!r} is of type {pool.type}: its runs begin in a container without the code; add a step "
            "under pull that fetches it, such as prefect.deployments.steps.git_clone",
        )
    return True
