"""Broken files: build, push and pull steps, and their outputs."""

from __future__ import annotations

from tests.deploy.fixtures import ORDERS

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "arguments beside the step": (
        ORDERS + "  pull:\n  - prefect.deployments.steps.git_clone:\n    repository: https://example.com/flows.git\n",
        [
            "line 6: deployments[0].pull[0]: a step has one function, and repository stands next to prefect.deployments.steps.git_clone; indent the arguments below it",
        ],
    ),
    "step without a module": (
        ORDERS + "  pull:\n  - git_clone: {repository: https://example.com/flows.git}\n",
        [
            "line 6: deployments[0].pull[0]: 'git_clone' is not the full name of a function, such as prefect.deployments.steps.git_clone",
        ],
    ),
    "steps as a text": (
        ORDERS + "  pull: git_clone\n",
        [
            "line 5: deployments[0].pull: give a list, not 'git_clone'",
        ],
    ),
    "step without arguments": (
        ORDERS + "  pull:\n  - prefect.deployments.steps.git_clone:\n",
        [
            "line 6: deployments[0].pull[0]: the arguments of prefect.deployments.steps.git_clone must be a mapping; write prefect.deployments.steps.git_clone: {} for none",
        ],
    ),
    "unknown argument of a step": (
        ORDERS + "  pull:\n  - prefect.deployments.steps.git_clone: {repo: https://example.com/flows.git}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.repo: the step has no argument 'repo'; it has: access_token, branch, clone_directory_name, commit_sha, credentials, directories, include_submodules, repository",
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone: the step lacks the argument repository",
        ],
    ),
    "function that is not there": (
        ORDERS + "  pull:\n  - prefect.deployments.steps.git_clon: {}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clon: there is no such function (AttributeError: module 'prefect.deployments.steps' has no attribute 'git_clon')",
        ],
    ),
    "package that is not there": (
        ORDERS + "  push:\n  - prefect_aws.deployments.steps.push_to_s3: {bucket: flows, folder: all}\n",
        [
            "line 6: deployments[0].push[0].prefect_aws.deployments.steps.push_to_s3: prefect_aws is not installed; install it, or name it in the step's `requires`",
        ],
    ),
    "branch and commit": (
        ORDERS
        + "  pull:\n  - prefect.deployments.steps.git_clone: {repository: 'https://example.com/flows.git', branch: main, commit_sha: abc}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.branch: give branch or commit_sha, not both",
        ],
    ),
    "output that no step gives": (
        ORDERS + "  version: '{{ build-image.tag }}'\n",
        [
            "line 5: deployments[0].version: {{ build-image.tag }}: no step before gives 'build-image', and Prefect would drop it",
        ],
    ),
    "output misspelt": (
        ORDERS
        + "  build:\n  - prefect_docker.deployments.steps.build_docker_image: {id: image, image_name: flows, tag: v1, dockerfile: auto}\n  version: '{{ image.tags }}'\n",
        [
            "line 7: deployments[0].version: {{ image.tags }}: the step 'image' gives no 'tags'; did you mean tag?",
        ],
    ),
    "items of a list that Prefect drops": (
        ORDERS
        + "  build:\n  - prefect.deployments.steps.run_shell_script: {id: built, script: date}\n  tags: ['{{ built.stdout }}', 'v-{{ built.stdout }}', '{{ ctx.flow_run.id }}']\n",
        [
            "line 7: deployments[0].tags[0]: {{ built.stdout }}: Prefect drops an item of a list that is nothing but this; write more beside it, such as 'v-{{ built.stdout }}'",
            "line 7: deployments[0].tags[2]: {{ ctx.flow_run.id }}: Prefect drops an item of a list that is nothing but this; write more beside it, such as 'v-{{ ctx.flow_run.id }}'",
        ],
    ),
    "output of a later step": (
        ORDERS
        + "  build:\n  - prefect.deployments.steps.run_shell_script: {script: 'echo {{ later.stdout }}'}\n  - prefect.deployments.steps.run_shell_script: {id: later, script: date}\n",
        [
            "line 6: deployments[0].build[0].prefect.deployments.steps.run_shell_script.script: {{ later.stdout }}: no step before gives 'later', and Prefect would drop it",
        ],
    ),
    "id twice": (
        ORDERS
        + "  build:\n  - prefect.deployments.steps.run_shell_script: {id: now, script: date}\n  - prefect.deployments.steps.run_shell_script: {id: now, script: date}\n",
        [
            "line 7: deployments[0].build[1]: the id 'now' belongs to an earlier step",
        ],
    ),
    "no pull step for docker": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: boxes}\n",
        [
            "line 2: deployments[0]: without a pull step its runs look for this machine's folder ROOT, but the pool 'boxes' is of type docker; add one under pull, such as prefect.deployments.steps.git_clone",
        ],
    ),
    "no pull step for a far worker": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: far}\n",
        [
            "line 2: deployments[0]: without a pull step its runs look for this machine's folder ROOT, but no worker of this machine serves the pool 'far'; add one under pull, such as prefect.deployments.steps.git_clone",
        ],
    ),
    "no pull step for a built image": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: boxes}\n  build:\n  - prefect_docker.deployments.steps.build_docker_image: {image_name: flows, tag: v1, dockerfile: Dockerfile}\n",
        [
            "line 2: deployments[0]: no pull step says where the built image holds the code; add one, such as prefect.deployments.steps.set_working_directory: {directory: /opt/prefect}",
        ],
    ),
    "steps of Prefect 2": (
        ORDERS
        + "  build:\n  - prefect.projects.steps.run_shell_script: {script: ls}\n"
        + "  pull:\n  - prefect.projects.steps.git_clone_project: {repository: x}\n",
        [
            "line 6: deployments[0].build[0].prefect.projects.steps.run_shell_script: gone since Prefect 3: write prefect.deployments.steps.run_shell_script",
            "line 8: deployments[0].pull[0].prefect.projects.steps.git_clone_project: gone since Prefect 3: write prefect.deployments.steps.git_clone",
        ],
    ),
}
