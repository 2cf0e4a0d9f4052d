"""Whole files as teams keep them: anchors, several pools, steps of their own in some deployments."""

from __future__ import annotations

FILES: dict[str, str] = {
    "init template": """\
# Welcome to your prefect.yaml file! You can use this file for storing and managing
# configuration for deploying your flows.

# Generic metadata about this project
name: flows
prefect-version: 3.4.7

# build section allows you to manage and build docker images
build: null

# push section allows you to manage if and how this project is uploaded to remote locations
push: null

# pull section allows you to provide instructions for cloning this project in remote locations
pull:
- prefect.deployments.steps.git_clone:
    repository: https://github.com/acme/flows.git
    branch: main

# the deployments section allows you to provide configuration for deploying flows
deployments:
- name: default
  version: null
  tags: []
  description: null
  schedule: {}
  flow_name: null
  entrypoint: hello.py:hello
  parameters: {}
  work_pool:
    name: local
    work_queue_name: null
    job_variables: {}
""",
    "definitions with anchors": """\
name: warehouse
definitions:
  tags: &tags
  - "{{ $STAGE }}"
  - warehouse
  work_pools:
    kubernetes: &kubernetes
      name: k8s
      job_variables: &job
        image: registry.example.com/acme/flows:{{ $GIT_SHA }}
        image_pull_policy: IfNotPresent
        namespace: flows
        env: {PREFECT_LOGGING_LEVEL: INFO, STAGE: "{{ $STAGE }}"}
    process: &process
      name: local
  schedules:
    night: &night
      cron: 0 2 * * *
      timezone: Europe/Berlin
      active: true
  actions:
    clone: &clone
    - prefect.deployments.steps.git_clone:
        repository: https://github.com/acme/warehouse.git
        branch: "{{ $BRANCH }}"
        access_token: "{{ prefect.blocks.secret.github-token }}"
deployments:
- name: orders
  entrypoint: flows/orders.py:import_orders
  tags: *tags
  schedule: *night
  pull: *clone
  work_pool: *kubernetes
- name: report
  entrypoint: flows/orders.py:report_orders
  tags: *tags
  schedules:
  - *night
  - {cron: 0 14 * * *, timezone: Europe/Berlin}
  pull: *clone
  work_pool:
    <<: *kubernetes
    job_variables:
      <<: *job
      finished_job_ttl: 60
- name: local
  entrypoint: hello.py:hello
  work_pool: *process
""",
    "defaults by merge": """\
x-defaults: &defaults
  version: "{{ $GIT_SHA }}"
  tags: [production]
  concurrency_limit: 1
  work_pool: {name: ecs, job_variables: {image: "{{ $IMAGE }}", cpu: 512, memory: 1024}}
pull:
- prefect.deployments.steps.set_working_directory: {directory: /opt/prefect}
deployments:
- <<: *defaults
  name: orders-eu
  entrypoint: flows/orders.py:import_orders
  parameters: {region: eu}
  schedules: [{cron: 0 5 * * *, timezone: Europe/Berlin}]
- <<: *defaults
  name: orders-us
  entrypoint: flows/orders.py:import_orders
  parameters: {region: us, limit: 500}
  schedules: [{cron: 0 5 * * *, timezone: America/Chicago}]
- <<: *defaults
  name: backfill
  entrypoint: flows/orders.py:import_orders
  tags: [production, manual]
  concurrency_limit: null
""",
    "image built once, one deployment without it": """\
build:
- prefect.deployments.steps.run_shell_script:
    id: get-commit-hash
    script: git rev-parse --short HEAD
    stream_output: false
- prefect_docker.deployments.steps.build_docker_image:
    id: build-image
    requires: prefect-docker>=0.6.1
    image_name: ghcr.io/acme/flows
    tag: "{{ get-commit-hash.stdout }}"
    dockerfile: auto
    platform: linux/amd64
    buildargs: {PYTHON: "3.12"}
push:
- prefect_docker.deployments.steps.push_docker_image:
    requires: prefect-docker>=0.6.1
    image_name: "{{ build-image.image_name }}"
    tag: "{{ build-image.tag }}"
    additional_tags: "{{ build-image.additional_tags }}"
pull:
- prefect.deployments.steps.set_working_directory: {directory: /opt/prefect/flows}
deployments:
- name: in-the-image
  version: "{{ get-commit-hash.stdout }}"
  entrypoint: flows/etl/daily.py:daily
  work_pool: &docker {name: docker, job_variables: {image: "{{ build-image.image }}", auto_remove: true}}
- name: from-git
  entrypoint: flows/etl/daily.py:daily
  build: []
  push: []
  pull:
  - prefect.deployments.steps.git_clone: {repository: "https://github.com/acme/flows", branch: main}
  work_pool: {name: docker}
- name: another-image
  entrypoint: hello.py:hello
  build:
  - prefect_docker.deployments.steps.build_docker_image:
      {id: build-image, image_name: ghcr.io/acme/hello, tag: v2, dockerfile: Hello.Dockerfile}
  push: null
  work_pool: *docker
""",
    "one pool for each stage": """\
pull:
- prefect.deployments.steps.git_clone:
    repository: git@github.com:acme/flows.git
    branch: "{{ $BRANCH }}"
deployments:
- name: "etl-{{ $STAGE }}"
  entrypoint: flows/etl/daily.py:daily
  tags: ["{{ $STAGE }}", etl]
  work_pool: {name: "{{ $POOL }}", work_queue_name: "default", job_variables: {namespace: "{{ $STAGE }}"}}
- name: "orders-{{ $STAGE }}"
  entrypoint: flows/orders.py:import_orders
  parameters: {region: "{{ prefect.variables.region }}", limit: 10}
  schedules:
  - {cron: 30 4 * * *, timezone: Etc/UTC, active: "{{ prefect.variables.is_live }}"}
  work_pool: {name: "{{ $POOL }}"}
""",
    "many schedules": """\
pull: [{prefect.deployments.steps.git_clone: {repository: "https://example.com/flows.git"}}]
deployments:
- name: reports
  entrypoint: flows/orders.py:report_orders
  parameters: {send: true}
  schedules:
  - {cron: 0 8 * * MON-FRI, timezone: Europe/London, slug: morning, parameters: {day: today}}
  - {cron: 0 18 * * 5, timezone: Europe/London, slug: week, parameters: {day: week}}
  - {interval: 86400, anchor_date: "2026-01-01T09:00:00", timezone: Europe/London, slug: each-day, active: false}
  - {rrule: "DTSTART:20260101T000000\\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1", slug: month}
  - {cron: "@hourly", slug: hourly, active: false}
  work_pool: {name: k8s}
""",
    "chain of flows": """\
pull: [{prefect.deployments.steps.git_clone: {repository: "https://example.com/flows.git"}}]
deployments:
- name: first
  entrypoint: flows/etl/daily.py:daily
  schedules: [{cron: 0 0 * * *}]
  work_pool: {name: ecs}
- name: second
  entrypoint: flows/orders.py:report_orders
  triggers:
  - type: event
    name: after the ETL
    enabled: true
    match: {prefect.resource.id: prefect.flow-run.*}
    match_related: {prefect.resource.name: daily-etl, prefect.resource.role: flow}
    expect: [prefect.flow-run.Completed]
    parameters: {day: "{{ event.occurred }}"}
  - type: compound
    require: all
    within: 3600
    triggers:
    - {type: event, expect: [orders.loaded], match: {prefect.resource.id: orders}}
    - {type: event, expect: [customers.loaded], match: {prefect.resource.id: customers}}
  - type: event
    posture: Proactive
    expect: [heartbeat]
    within: 600
    threshold: 1
    schedule_after: 60
  work_pool: {name: ecs}
""",
    "models that only the workers have": """\
pull:
- prefect.deployments.steps.set_working_directory: {directory: /opt/models}
deployments:
- name: score
  entrypoint: pipelines/scores.py:score
  parameters: {model: v7}
  work_pool: {name: k8s, job_variables: {image: "{{ $IMAGE }}", cpu_request: "1", memory_limit: 4Gi}}
- name: hello
  entrypoint: hello.py:hello
  work_pool: {name: k8s}
""",
    "block storage": """\
pull:
- prefect.deployments.steps.pull_with_block:
    id: code
    block_document_name: code
    block_type_slug: s3-bucket
- prefect.deployments.steps.run_shell_script:
    script: |
      ls -la
      pip install -r requirements.txt
    directory: "{{ code.directory }}"
    stream_output: true
    env: {PIP_QUIET: "1"}
deployments:
- name: from-block
  entrypoint: flows/orders.py:import_orders
  work_pool: {name: docker}
""",
    "azure": """\
push:
- prefect_azure.deployments.steps.push_to_azure_blob_storage:
    id: push-code
    requires: prefect-azure[blob_storage]>=0.4
    container: flows
    folder: main
    credentials: "{{ prefect.blocks.azure-blob-storage-credentials.deploy }}"
pull:
- prefect_azure.deployments.steps.pull_from_azure_blob_storage:
    requires: prefect-azure[blob_storage]>=0.4
    container: "{{ push-code.container }}"
    folder: "{{ push-code.folder }}"
    credentials: "{{ prefect.blocks.azure-blob-storage-credentials.deploy }}"
deployments:
- name: aci
  entrypoint: flows/etl/daily.py:daily
  work_pool:
    name: aci
    job_variables: {image: "{{ $IMAGE }}", cpu: 1, memory: 2}
""",
    "settings of the runtime": """\
pull: [{prefect.deployments.steps.set_working_directory: {directory: /app}}]
deployments:
- name: run-names
  entrypoint: flows/orders.py:import_orders
  description: "Run {{ ctx.flow_run.name }}"
  version_type: prefect:simple
  version: "1.0"
  parameters: {tables: [orders, items]}
  work_pool: {name: docker, job_variables: {env: {RUN: "{{ ctx.flow_run.id }}"}, networks: [backend], mem_limit: 1g}}
""",
    "several repositories": """\
deployments:
- name: mono
  entrypoint: flows/orders.py:import_orders
  pull:
  - prefect.deployments.steps.git_clone: {id: a, repository: "https://example.com/a.git", branch: main}
  - prefect.deployments.steps.git_clone: {id: b, repository: "https://example.com/b.git", commit_sha: 0a1b2c3}
  - prefect.deployments.steps.set_working_directory: {directory: "{{ a.directory }}"}
  work_pool: {name: k8s}
- name: sparse
  entrypoint: hello.py:hello
  pull:
  - prefect.deployments.steps.git_clone:
      repository: https://example.com/mono.git
      directories: [flows, shared]
  work_pool: {name: k8s}
""",
}
