"""One thing each: the forms that the field writes and Prefect takes, and what is left over from older versions."""

from __future__ import annotations

HEAD = "pull: []\ndeployments:\n- name: a\n  entrypoint: hello.py:hello\n  work_pool: {name: local}\n"
CLONE = "{prefect.deployments.steps.git_clone: {repository: 'https://example.com/flows.git'}}"


def _entrypoint(text: str) -> str:
    return HEAD.replace("hello.py:hello", text)


FILES: dict[str, str] = {
    "no deployments": "name: x\ndeployments: []\n",
    "minimal": HEAD,
    "module of the top folder": _entrypoint("hello:hello"),
    "module of the top folder without a colon": _entrypoint("hello.hello"),
    "method of a class": _entrypoint("hello.py:Jobs.nightly"),
    "method of a class of a module": _entrypoint("hello:Jobs.nightly"),
    "module of a package without a colon": _entrypoint("flows.etl.daily.daily"),
    "folder with a dot": _entrypoint("./hello.py:hello"),
    "file outside of the folder": _entrypoint("../shared_flows.py:shared"),
    "flow read from its source": _entrypoint("pipelines/scores.py:score"),
    "pull as one mapping": HEAD.replace("pull: []", f"pull: {CLONE}"),
    "pull as an empty mapping": HEAD.replace("pull: []", "pull: {}"),
    "pull of the entry empty": HEAD.replace("pull: []", f"pull: [{CLONE}]") + "  pull: []\n",
    "pull of the entry null": HEAD.replace("pull: []", f"pull: [{CLONE}]") + "  pull: null\n",
    "build of the entry null": HEAD + "  build: null\n  push: null\n",
    "build of the entry an empty mapping": HEAD + "  build: {}\n  push: {}\n",
    "step without arguments": HEAD.replace("pull: []", "pull:\n- prefect.deployments.steps.set_working_directory:"),
    "step of the project's own": HEAD + "  build:\n  - pipelines.steps.stamp: {id: stamp, path: version.txt}\n"
    "  version: '{{ stamp.value }}'\n",
    "interval in seconds": HEAD + "  schedules: [{interval: 900}]\n",
    "interval as a clock": HEAD + "  schedules: [{interval: '06:00:00'}]\n",
    "interval as a duration": HEAD + "  schedules: [{interval: P1DT12H}]\n",
    "interval of a fraction": HEAD + "  schedules: [{interval: 90.5}]\n",
    "interval as a number in quotes": HEAD + "  schedules: [{interval: '600'}]\n",
    "anchor as a date in quotes": HEAD + "  schedules: [{interval: 60, anchor_date: '2026-01-01'}]\n",
    "one schedule of an interval": HEAD + "  schedule: {interval: 3600}\n",
    "cron of six fields": HEAD + "  schedules: [{cron: '0 6 * * * 30'}]\n",
    "cron of names": HEAD + "  schedules: [{cron: '0 6 * JAN,JUL MON'}]\n",
    "rule as JSON": HEAD + """  schedules: [{rrule: '{"rrule": "FREQ=DAILY", "timezone": "UTC"}'}]\n""",
    "time zone null": HEAD + "  schedules: [{cron: 0 6 * * *, timezone: null}]\n",
    "schedule switched off": HEAD + "  schedules: [{cron: 0 6 * * *, active: false}]\n",
    "limit null": HEAD + "  concurrency_limit: null\n",
    "limit of one": HEAD + "  concurrency_limit: 1\n",
    "tags of one template": HEAD + "  tags: '{{ prefect.variables.tags }}'\n",
    "tags of numbers": HEAD + "  tags: [2026, v1]\n",
    "parameters of many kinds": HEAD.replace("hello.py:hello", "flows/etl/daily.py:daily")
    + "  parameters: {source: '2026-01-01', batch_size: 1, options: {a: b, c: '{{ $STAGE }}'}}\n",
    "long description": HEAD + "  description: >-\n    Folded over\n    two lines.\n",
    "description of a template": HEAD + "  description: 'of {{ $STAGE }}'\n",
    "queue null": HEAD.replace("{name: local}", "{name: local, work_queue_name: null}"),
    "file's own metadata": "version: 3.0\n" + HEAD,
    "anchors without a prefix": "anchors: {pool: &p {name: local}}\n" + HEAD.replace("{name: local}", "*p"),
    "key that nobody knows": HEAD + "  environment: {A: b}\n  owner: data\n",
    "flow_name of another": HEAD + "  flow_name: others\n",
    "schedule's switch of Prefect 2": HEAD + "  schedules: [{cron: 0 6 * * *}]\n  is_schedule_active: true\n",
    "overrides of Prefect 2": HEAD + "  infra_overrides: {env: {A: b}}\n",
    "description of the project": "description: the flows of a team\n" + HEAD,
    "job variables of a template": HEAD.replace("{name: local}", "{name: k8s, job_variables: {image: '{{ $IMAGE }}'}}"),
    "value of a JSON variable": HEAD + "  parameters: {name: '{{ prefect.variables.region }}'}\n",
    "SLA": HEAD + "  sla: [{name: fast, duration: 600, severity: high}]\n",
    "limit in quotes": HEAD + "  concurrency_limit: '2'\n",
    "switches as words": HEAD + "  paused: 'yes'\n  enforce_parameter_schema: 'off'\n",
    "trigger of nothing": HEAD + "  triggers: [{}]\n",
    "unknown key of a trigger": HEAD + "  triggers: [{expect: [a], colour: red}]\n",
    "anchor beside a cron line": HEAD + "  schedules: [{cron: 0 6 * * *, anchor_date: '2026-01-01'}]\n",
    "days beside an interval": HEAD + "  schedules: [{interval: 60, day_or: false}]\n",
    "name in another script": HEAD.replace("name: a", "name: Täglich ☀"),
    "name with brackets": HEAD.replace("name: a", "name: 'a [b]'"),
    "tags with templates": HEAD + "  tags: ['{{ $STAGE }}-x', '{{ $STAGE }}']\n",
    "renamed schedule": HEAD + "  schedules: [{cron: 0 6 * * *, slug: new, replaces: old}]\n",
}
