"""Combinations of the styles of the field: how the code gets to the run, where it runs, when, and by which templates.

Each file has two deployments of one style: one plain, one with everything that the turn of the wheel adds.
"""

from __future__ import annotations

from itertools import product

GIT = "prefect.deployments.steps.git_clone"
CLONE = f"- {GIT}: {{repository: 'https://github.com/acme/flows.git', branch: main}}"
REQUIRES_AWS, REQUIRES_GCP = "requires: prefect-aws>=0.5", "requires: prefect-gcp>=0.6"

CODE = {
    "built image": """\
build:
- prefect_docker.deployments.steps.build_docker_image:
    id: build-image
    requires: prefect-docker>=0.6
    image_name: registry.example.com/acme/flows
    tag: "{{ $GIT_SHA }}"
    dockerfile: Dockerfile
push:
- prefect_docker.deployments.steps.push_docker_image:
    requires: prefect-docker>=0.6
    image_name: "{{ build-image.image_name }}"
    tag: "{{ build-image.tag }}"
pull:
- prefect.deployments.steps.set_working_directory: {directory: /opt/prefect/flows}
""",
    "automatic image": """\
build:
- prefect_docker.deployments.steps.build_docker_image: {id: build-image, image_name: flows, tag: dev, dockerfile: auto}
push: null
pull:
- prefect.deployments.steps.set_working_directory: {directory: /opt/prefect/flows}
""",
    "git": f"build: null\npush: null\npull:\n{CLONE}\n",
    "private git": f"""\
pull:
- {GIT}:
    id: clone
    repository: https://github.com/acme/flows.git
    branch: "{{{{ $BRANCH }}}}"
    include_submodules: true
    access_token: "{{{{ prefect.blocks.secret.github-token }}}}"
- prefect.deployments.steps.pip_install_requirements:
    directory: "{{{{ clone.directory }}}}"
    requirements_file: requirements.txt
    stream_output: false
""",
    "git credentials": f"""\
pull:
- {GIT}:
    repository: https://github.com/acme/flows.git
    credentials: "{{{{ prefect.blocks.github-credentials.deploy }}}}"
""",
    "s3": f"""\
push:
- prefect_aws.deployments.steps.push_to_s3:
    id: push-code
    {REQUIRES_AWS}
    bucket: "{{{{ prefect.variables.bucket }}}}"
    folder: flows/main
    credentials: "{{{{ prefect.blocks.aws-credentials.deploy }}}}"
pull:
- prefect_aws.deployments.steps.pull_from_s3:
    id: pull-code
    {REQUIRES_AWS}
    bucket: acme-flows
    folder: "{{{{ push-code.folder }}}}"
    credentials: "{{{{ prefect.blocks.aws-credentials.deploy }}}}"
""",
    "gcs": f"""\
push:
- prefect_gcp.deployments.steps.push_to_gcs: {{id: code, {REQUIRES_GCP}, bucket: acme, folder: flows}}
pull:
- prefect_gcp.deployments.steps.pull_from_gcs: {{{REQUIRES_GCP}, bucket: "{{{{ code.bucket }}}}", folder: flows}}
""",
    "one mapping": f"pull:\n  {GIT}: {{repository: 'https://github.com/acme/flows.git'}}\n",
    "baked": "pull: []\n",
    "storage block": "pull:\n- prefect.deployments.steps.pull_from_remote_storage: {url: 's3://acme-flows/main'}\n",
}

PLACE = {
    "docker": "{name: docker, job_variables: {image: 'registry.example.com/acme/flows:1', env: {STAGE: dev}}}",
    "kubernetes": "{name: k8s, work_queue_name: default, job_variables: {namespace: flows, image: '{{ $IMAGE }}', "
    "image_pull_policy: Always, finished_job_ttl: 600}}",
    "ecs": "{name: ecs, job_variables: {image: '{{ $IMAGE }}', cpu: 1024, memory: 2048, family: flows}}",
    "process": "{name: local}",
    "pool of the environment": "{name: '{{ $POOL }}', job_variables: {env: {GIT_SHA: '{{ $GIT_SHA }}'}}}",
    "cloud run": "{name: cloud-run, work_queue_name: null, job_variables: {}}",
}

WHEN = {
    "never": "",
    "one cron": "  schedule: {cron: '0 6 * * *', timezone: Europe/Berlin}\n",
    "list of crons": "  schedules:\n  - cron: 0 6 * * 1-5\n    timezone: America/New_York\n"
    "  - cron: '*/15 8-18 * * *'\n    day_or: false\n",
    "seconds": "  schedules:\n  - interval: 3600\n    anchor_date: '2026-01-01T00:00:00+00:00'\n    timezone: UTC\n",
    "duration": "  schedules:\n  - interval: PT1H30M\n    active: false\n",
    "rule": "  schedules:\n  - rrule: FREQ=WEEKLY;BYDAY=MO,WE,FR\n    timezone: Asia/Tokyo\n",
    "slugs": "  schedules:\n  - {cron: 0 1 * * *, slug: nightly, parameters: {REQUIRED: 5}}\n"
    "  - {interval: '00:10:00', slug: often, active: false}\n",
    "emptied": "  schedules: []\n",
    "empty mapping": "  schedule: {}\n",
    "none in words": "  schedule: null\n  paused: true\n",
}

EXTRAS = (
    "  version: '{{ $GIT_SHA }}'\n  tags: [etl, '{{ $STAGE }}']\n",
    "  description: |\n    Runs every night.\n\n    Owner: data.\n  tags: []\n  concurrency_limit: 1\n",
    "  concurrency_limit:\n    limit: 2\n    collision_strategy: CANCEL_NEW\n  enforce_parameter_schema: true\n",
    "  version: null\n  description: null\n  concurrency_limit: null\n  flow_name: null\n",
    "  triggers:\n  - type: event\n    match: {prefect.resource.id: prefect.flow-run.*}\n"
    "    expect: [prefect.flow-run.Completed]\n    parameters: {REQUIRED: 5}\n",
    "  concurrency_limit: {limit: 1, collision_strategy: ENQUEUE, grace_period_seconds: 120}\n  paused: false\n",
    "  version: v1\n  enforce_parameter_schema: false\n  parameters: {REQUIRED: '{{ prefect.variables.limit }}'}\n",
)

FLOWS = (
    ("flows/orders.py:import_orders", "limit"),
    ("flows/etl/daily.py:daily", "batch_size"),
    ("./flows/orders.py:import_orders", "limit"),
    ("hello.py:Jobs.nightly", "keep_days"),
    ("pipelines.ingest:ingest", "source"),
    ("hello:hello", "name"),
    ("flows.etl.daily.daily", "batch_size"),
)


def _file(number: int, code: str, place: str, when: str) -> str:
    entrypoint, parameter = FLOWS[number % len(FLOWS)]
    value = "x" if parameter in ("source", "name") else "5"
    extra = (WHEN[when] + EXTRAS[number % len(EXTRAS)]).replace("REQUIRED: 5", f"{parameter}: {value}")
    extra = extra.replace("REQUIRED", parameter)
    if "paused" in WHEN[when]:
        extra = extra.replace("  paused: false\n", "")
    if parameter in ("source", "name"):
        extra = extra.replace("prefect.variables.limit", "prefect.variables.region")
    head = "name: flows\nprefect-version: 3.4.0\n" if number % 2 else ""
    return (
        f"{head}{CODE[code]}deployments:\n- name: plain\n  entrypoint: {entrypoint}\n  work_pool: {PLACE[place]}\n"
        f"- name: full\n  entrypoint: {entrypoint}\n  work_pool: {PLACE[place]}\n{extra}"
    )


def generated() -> dict[str, str]:
    """Every way of the code at every place, with the schedules in turn; and every schedule with every extra."""
    files: dict[str, str] = {}
    whens, codes, places = list(WHEN), list(CODE), list(PLACE)
    for number, (code, place) in enumerate(product(CODE, PLACE)):
        when = whens[number % len(whens)]
        files[f"{code}, {place}, {when}"] = _file(number, code, place, when)
    for number, (when, extra) in enumerate(product(WHEN, range(len(EXTRAS)))):
        code, place = codes[(number * 3) % len(codes)], places[(number * 5) % len(places)]
        files[f"{when}, extra {extra}, {code}, {place}"] = _file(extra, code, place, when)
    return files
