"""Broken `prefect.yaml` files, each with all that is said about it: line, key, what, remedy."""

from __future__ import annotations

from tests.deploy.fixtures import CLEAN_UP, ORDERS

# ruff: noqa: E501

INVALID_FILES: dict[str, tuple[str, list[str]]] = {
    "empty file": (
        "",
        [
            "line 1: the file is empty",
        ],
    ),
    "only a comment": (
        "# nothing yet\n",
        [
            "line 1: the file is empty",
        ],
    ),
    "a list": (
        "- name: a\n",
        [
            "line 1: it must be a mapping of keys to values, not a list; begin with `deployments:`",
        ],
    ),
    "a single value": (
        "orders\n",
        [
            "line 1: it must be a mapping of keys to values, not a single value; begin with `deployments:`",
        ],
    ),
    "open bracket": (
        "deployments: [\n",
        [
            "line 2, column 1: while parsing a flow node: did not find expected node content; is the indentation right, and every bracket and quote closed?",
        ],
    ),
    "tab": (
        "deployments:\n\t- name: a\n",
        [
            "line 2, column 1: while scanning for the next token: found character that cannot start any token; indent with spaces, not with tabs, and put a text that begins with @, ` or % in quotes",
        ],
    ),
    "colon in a text": (
        "description: daily: orders\ndeployments: []\n",
        [
            "line 1, column 19: mapping values are not allowed in this context; put a text that holds a colon in quotes",
        ],
    ),
    "open quote": (
        "name: 'orders\ndeployments: []\n",
        [
            "line 3, column 1: while scanning a quoted scalar: found unexpected end of stream; is the indentation right, and every bracket and quote closed?",
        ],
    ),
    "unknown anchor": (
        "deployments: *all\n",
        [
            "line 1, column 14: found undefined alias; an anchor (&name) must stand above its alias (*name)",
        ],
    ),
    "anchor that holds itself": (
        "definitions: &all [*all]\n",
        [
            "line 1: definitions[0]: the anchor holds itself",
        ],
    ),
    "key twice": (
        ORDERS + "  tags: [a]\n  tags: [b]\n",
        [
            "line 6: deployments[0].tags: the key is here twice (first: line 5)",
        ],
    ),
    "template without quotes": (
        ORDERS + "  version: {{ $VERSION }}\n",
        [
            "line 5: deployments[0].version: put a text that begins with {{ in quotes",
        ],
    ),
    "unknown tag": (
        "name: !env NAME\n",
        [
            "line 1, column 7: could not determine a constructor for the tag '!env'",
        ],
    ),
    "key that is no text": (
        "1: one\ndeployments: []\n",
        [
            "line 1: a key that is not a text; put it in quotes",
        ],
    ),
    "unknown key at the top": (
        "deploymens: []\n",
        [
            "line 1: deploymens: unknown key; did you mean deployments?",
        ],
    ),
    "unknown key of a deployment": (
        ORDERS + "  paramters: {}\n",
        [
            "line 5: deployments[0].paramters: unknown key; did you mean parameters?",
        ],
    ),
    "unknown key of a schedule": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, activ: true}]\n",
        [
            "line 6: deployments[0].schedules[0].activ: unknown key; did you mean active?",
        ],
    ),
    "unknown key of a work pool": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, work_queue: priority}\n",
        [
            "line 4: deployments[0].work_pool.work_queue: unknown key; did you mean work_queue_name?",
        ],
    ),
    "unknown key of a limit": (
        ORDERS + "  concurrency_limit: {limit: 1, collision_strategy: ENQUEUE, grace_period: 60}\n",
        [
            "line 5: deployments[0].concurrency_limit.grace_period: unknown key; did you mean grace_period_seconds?",
        ],
    ),
    "unknown key of a trigger": (
        ORDERS + "  triggers: [{expects: [prefect.flow-run.Failed], parameters: {day: 2026-01-01}}]\n",
        [
            "line 5: deployments[0].triggers[0].expects: unknown key; did you mean expect?",
        ],
    ),
    "unknown key of a trigger in a trigger": (
        ORDERS
        + "  parameters: {day: 2026-01-01}\n  triggers:\n  - type: compound\n    require: any\n    triggers:\n    - {expct: [prefect.flow-run.Failed]}\n",
        [
            "line 10: deployments[0].triggers[0].triggers[0].expct: unknown key; did you mean expect?",
        ],
    ),
    "unknown key of an agreement": (
        ORDERS + "  sla: [{name: fast, duration: 60, severty: low}]\n",
        [
            "line 5: deployments[0].sla: service level agreements exist on Prefect Cloud only; the deploy would fail after it has written the deployment",
            "line 5: deployments[0].sla[0].severty: unknown key; did you mean severity?",
        ],
    ),
    "key in the wrong place": (
        ORDERS + "  job_variables: {env: {}}\n",
        [
            "line 5: deployments[0].job_variables: unknown key here; it belongs under work_pool",
        ],
    ),
    "key in the wrong place, a schedule's": (
        ORDERS + "  cron: 0 6 * * *\n",
        [
            "line 5: deployments[0].cron: unknown key here; it belongs under schedules",
        ],
    ),
    "key of the file in a merged mapping": (
        "definitions:\n  base: &base\n    tagz: [a]\ndeployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n  <<: *base\n",
        [
            "line 3: deployments[0].tagz: unknown key; did you mean tags?",
        ],
    ),
    "deployments as a mapping": (
        "deployments:\n  orders: {entrypoint: flows/orders.py:import_orders}\n",
        [
            "line 1: deployments: give a list, not a mapping",
        ],
    ),
    "deployment as a text": (
        "deployments: [orders]\n",
        [
            "line 1: deployments[0]: give a mapping of keys to values, not 'orders'",
        ],
    ),
    "no name": (
        "deployments:\n- entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].name: it is required; without one Prefect skips the deployment and says nothing",
        ],
    ),
    "no entrypoint": (
        "deployments:\n- name: a\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].entrypoint: it is required: path/to/file.py:function of the flow",
        ],
    ),
    "no work pool": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n",
        [
            "line 2: deployments[0].work_pool: it is required: name the work pool that runs the deployment",
        ],
    ),
    "empty work pool": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool:\n",
        [
            "line 4: deployments[0].work_pool: it is required: name the work pool that runs the deployment",
        ],
    ),
    "work pool as a text": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: etl\n",
        [
            "line 4: deployments[0].work_pool: give a mapping, such as {name: etl}",
        ],
    ),
    "name with a slash": (
        "deployments:\n- name: a/b\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].name: the name 'a/b' must not contain /",
        ],
    ),
    "name that is a number": (
        "deployments:\n- name: 2026\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].name: 2026 is a number, and Prefect wants a text; put it in quotes",
        ],
    ),
    "version that is a number": (
        ORDERS + "  version: 1.10\n",
        [
            "line 5: deployments[0].version: 1.1 is a number, and Prefect wants a text; put it in quotes",
        ],
    ),
    "tags as a text": (
        ORDERS + "  tags: orders\n",
        [
            "line 5: deployments[0].tags: give a list, such as [orders, nightly]",
        ],
    ),
    "tag that is a list": (
        ORDERS + "  tags: [orders, [nightly]]\n",
        [
            "line 5: deployments[0].tags: a tag must be a text, not ['nightly']",
        ],
    ),
    "empty parameters": (
        ORDERS + "  parameters:\n",
        [
            "line 5: deployments[0].parameters: it is empty; give a mapping of keys to values, or leave the key out: Prefect would skip the whole file",
        ],
    ),
    "parameters with a number as key": (
        ORDERS + "  parameters: {1: x}\n",
        [
            "line 5: deployments[0].parameters: the key 1 is not a text; put it in quotes",
        ],
    ),
    "parameters that are no JSON": (
        ORDERS + "  parameters: {limit: .nan}\n",
        [
            "line 5: deployments[0].parameters: NaN and infinity cannot be written as JSON",
        ],
    ),
    "paused by a template": (
        ORDERS + '  paused: "{{ $PAUSED }}"\n',
        [
            "line 5: deployments[0].paused: give true or false, not '{{ $PAUSED }}'; Prefect reads it before it fills in a {{ }}",
        ],
    ),
    "paused by a word": (
        ORDERS + "  paused: maybe\n",
        [
            "line 5: deployments[0].paused: give true or false, not 'maybe'",
        ],
    ),
    "limit of zero": (
        ORDERS + "  concurrency_limit: 0\n",
        [
            "line 5: deployments[0].concurrency_limit: it must be at least 1, not 0",
        ],
    ),
    "limit as a word": (
        ORDERS + "  concurrency_limit: many\n",
        [
            "line 5: deployments[0].concurrency_limit: give a whole number, not 'many'",
        ],
    ),
    "limit without a strategy": (
        ORDERS + "  concurrency_limit: {limit: 2}\n",
        [
            "line 5: deployments[0].concurrency_limit.collision_strategy: it is required",
        ],
    ),
    "strategy misspelt": (
        ORDERS + "  concurrency_limit: {limit: 2, collision_strategy: ENQUE}\n",
        [
            "line 5: deployments[0].concurrency_limit.collision_strategy: give ENQUEUE or CANCEL_NEW, not 'ENQUE'; did you mean ENQUEUE?",
        ],
    ),
    "grace period too short": (
        ORDERS + "  concurrency_limit: {limit: 2, collision_strategy: ENQUEUE, grace_period_seconds: 5}\n",
        [
            "line 5: deployments[0].concurrency_limit.grace_period_seconds: it must be at least 60, not 5",
        ],
    ),
    "version type misspelt": (
        ORDERS + "  version_type: github\n",
        [
            "line 5: deployments[0].version_type: 'github' is not a version type; did you mean vcs:github?",
        ],
    ),
    "enforce as a word": (
        ORDERS + "  enforce_parameter_schema: sometimes\n",
        [
            "line 5: deployments[0].enforce_parameter_schema: give true or false, not 'sometimes'",
        ],
    ),
    "cron with a bad hour": (
        CLEAN_UP + "  schedules: [{cron: 0 25 * * *}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: '0 25 * * *' is not a cron line (Bad hour); five fields, such as '0 6 * * 1-5'",
        ],
    ),
    "cron with four fields": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * *}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: '0 6 * *' is not a cron line (Wrong number of fields); five fields, such as '0 6 * * 1-5'",
        ],
    ),
    "cron that never comes": (
        CLEAN_UP + "  schedules: [{cron: 0 0 31 2 *}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: '0 0 31 2 *' names a day that never comes",
        ],
    ),
    "hashed cron": (
        CLEAN_UP + "  schedules: [{cron: H 6 * * *}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: 'H 6 * * *' has a random or hashed field (R, H), which Prefect does not take",
        ],
    ),
    "bad time zone": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, timezone: europe/berlin}]\n",
        [
            "line 6: deployments[0].schedules[0].timezone: 'europe/berlin' is not a time zone; did you mean Europe/Berlin?",
        ],
    ),
    "two kinds": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, interval: 60}]\n",
        [
            "line 6: deployments[0].schedules[0]: give exactly one of cron, interval and rrule, not cron and interval",
        ],
    ),
    "no kind": (
        CLEAN_UP + "  schedules: [{slug: nightly}]\n",
        [
            "line 6: deployments[0].schedules[0]: give exactly one of cron, interval and rrule, not none",
        ],
    ),
    "interval of nothing": (
        CLEAN_UP + "  schedules: [{interval: 0}]\n",
        [
            "line 6: deployments[0].schedules[0].interval: interval must be greater than zero",
        ],
    ),
    "interval as a word": (
        CLEAN_UP + "  schedules: [{interval: daily}]\n",
        [
            "line 6: deployments[0].schedules[0].interval: give seconds, HH:MM:SS or a duration such as PT15M, not 'daily'",
        ],
    ),
    "rrule misspelt": (
        CLEAN_UP + "  schedules: [{rrule: FREQ=DAYLY}]\n",
        [
            "line 6: deployments[0].schedules[0].rrule: 'FREQ=DAYLY' is not a recurrence rule (invalid 'FREQ': DAYLY); such as 'FREQ=WEEKLY;BYDAY=MO,WE'",
        ],
    ),
    "anchor without quotes": (
        CLEAN_UP + "  schedules: [{interval: 3600, anchor_date: 2026-01-01}]\n",
        [
            "line 6: deployments[0].schedules[0].anchor_date: YAML makes a date of 2026-01-01, which Prefect refuses here; put it in quotes",
        ],
    ),
    "anchor as a word": (
        CLEAN_UP + "  schedules: [{interval: 3600, anchor_date: tomorrow}]\n",
        [
            "line 6: deployments[0].schedules[0].anchor_date: 'tomorrow' is not a moment such as '2026-01-01T06:00:00+00:00'",
        ],
    ),
    "anchor of a cron": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, anchor_date: '2026-01-01'}]\n",
        [
            "line 6: deployments[0].schedules[0]: anchor_date belongs to an interval; Prefect ignores it beside cron",
        ],
    ),
    "schedule and schedules": (
        CLEAN_UP + "  schedule: {cron: 0 6 * * *}\n  schedules: []\n",
        [
            "line 2: deployments[0]: give schedule or schedules, not both",
        ],
    ),
    "schedules as a mapping": (
        CLEAN_UP + "  schedules: {cron: 0 6 * * *}\n",
        [
            "line 6: deployments[0].schedules: give a list, not a mapping",
        ],
    ),
    "slug twice": (
        CLEAN_UP + "  schedules:\n  - {slug: nightly, cron: 0 6 * * *}\n  - {slug: nightly, cron: 0 7 * * *}\n",
        [
            "line 8: deployments[0].schedules[1].slug: the slug 'nightly' belongs to schedules[0] already",
        ],
    ),
    "cron from the environment": (
        CLEAN_UP + "  schedules: [{cron: '{{ $CRON }}'}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: '0 25 * * *' is not a cron line (Bad hour); five fields, such as '0 6 * * 1-5'",
        ],
    ),
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
    "unknown type of trigger": (
        ORDERS + "  parameters: {day: 2026-01-01}\n  triggers: [{type: cron}]\n",
        [
            "line 6: deployments[0].triggers[0]: type must be event, metric, compound or sequence, not 'cron'",
        ],
    ),
    "proactive too soon": (
        ORDERS + "  parameters: {day: 2026-01-01}\n  triggers: [{posture: Proactive, within: 5}]\n",
        [
            "line 6: deployments[0].triggers[0]: within must be at least 10 seconds for a Proactive trigger",
        ],
    ),
    "metric on a server": (
        CLEAN_UP + "  triggers: [{type: metric, metric: {name: lateness, threshold: 1, operator: '>'}}]\n",
        [
            "line 6: deployments[0].triggers[0]: metric triggers exist on Prefect Cloud only",
        ],
    ),
    "agreement on a server": (
        ORDERS + "  sla: [{name: fast, duration: 60}]\n",
        [
            "line 5: deployments[0].sla: service level agreements exist on Prefect Cloud only; the deploy would fail after it has written the deployment",
        ],
    ),
    "agreement without a form": (
        ORDERS + "  sla: [{name: fast}]\n",
        [
            "line 5: deployments[0].sla: service level agreements exist on Prefect Cloud only; the deploy would fail after it has written the deployment",
            "line 5: deployments[0].sla[0]: give one of duration (seconds), within and stale_after",
        ],
    ),
    "unset variable": (
        ORDERS + "  version: '{{ $VERSION }}'\n",
        [
            "line 5: deployments[0].version: the environment variable VERSION is not set, and Prefect would deploy an empty text in its place",
        ],
    ),
    "unset variable in a text": (
        ORDERS + "  description: 'Release {{ $RELEASE }}'\n",
        [
            "line 5: deployments[0].description: the environment variable RELEASE is not set, and Prefect would deploy an empty text in its place",
        ],
    ),
    "name from an empty variable": (
        "deployments:\n- name: '{{ $EMPTY }}'\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 2: deployments[0].name: a name must not be empty",
        ],
    ),
    "file that is not there": (
        "deployments:\n- name: a\n  entrypoint: flows/order.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: there is no file flows/order.py; did you mean flows/orders.py?",
        ],
    ),
    "file elsewhere": (
        "deployments:\n- name: a\n  entrypoint: orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: there is no file orders.py; did you mean flows/orders.py?",
        ],
    ),
    "no function": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: flows/orders.py names no function; write flows/orders.py:function",
        ],
    ),
    "without .py": (
        "deployments:\n- name: a\n  entrypoint: flows/orders:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: flows/orders lacks its ending; write flows/orders.py:import_orders",
        ],
    ),
    "function misspelt": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_order\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: flows/orders.py defines no import_order; did you mean import_orders?",
        ],
    ),
    "no flow": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:not_a_flow\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: not_a_flow in flows/orders.py is not a flow; decorate it with @flow",
        ],
    ),
    "outside of the folder": (
        "deployments:\n- name: a\n  entrypoint: ../elsewhere.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: ../elsewhere.py lies outside of ROOT, the folder that is deployed",
        ],
    ),
    "module that is not there": (
        "deployments:\n- name: a\n  entrypoint: company.reports.monthly:monthly\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: there is no module company.reports.monthly, neither in ROOT nor installed",
        ],
    ),
    "package not installed": (
        "deployments:\n- name: a\n  entrypoint: flows/uninstalled.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/uninstalled.py line 1: ModuleNotFoundError: No module named 'a_package_that_nobody_has'; install it here, or list it in worker_packages when only the workers have it",
        ],
    ),
    "module of the wrong folder": (
        "deployments:\n- name: a\n  entrypoint: flows.orders:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/orders.py line 9: ModuleNotFoundError: No module named 'currencies'; there is flows/currencies.py, but a run imports from the flow's folder and from repository",
        ],
    ),
    "syntax error": (
        "deployments:\n- name: a\n  entrypoint: flows/syntax.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/syntax.py line 4: SyntaxError: invalid syntax",
        ],
    ),
    "variable at import": (
        "deployments:\n- name: a\n  entrypoint: flows/variable.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/variable.py line 3: KeyError: 'A_VARIABLE_THAT_NOBODY_SETS'; set the environment variable, or read it in the flow",
        ],
    ),
    "exit at import": (
        "deployments:\n- name: a\n  entrypoint: flows/leaves.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: flows/leaves.py line 1: SystemExit: 3",
        ],
    ),
    "import that hangs": (
        "deployments:\n- name: a\n  entrypoint: flows/hangs.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: its import took more than 6 s; fix it, or raise import_seconds",
        ],
    ),
    "import that kills": (
        "deployments:\n- name: a\n  entrypoint: flows/dies.py:run\n  work_pool: {name: etl}\n",
        [
            "line 3: deployments[0].entrypoint: it cannot be imported: its import ended the interpreter (exit code 3)",
        ],
    ),
    "flow_name that is not the flow's": (
        ORDERS + "  flow_name: orders\n",
        [
            "line 5: deployments[0].flow_name: the flow calls itself 'import-orders', and Prefect takes that; take flow_name out, or name the flow so",
        ],
    ),
    "deployment twice": (
        ORDERS + "- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl}\n",
        [
            "line 5: deployments[1].name: import-orders/a is declared twice (first: deployments[0])",
        ],
    ),
    "unknown parameter": (
        ORDERS + "  parameters: {dai: 2026-01-01}\n",
        [
            "line 5: deployments[0].parameters.dai: the flow has no parameter 'dai'; did you mean day?",
        ],
    ),
    "parameter of the wrong type": (
        ORDERS + "  parameters: {limit: many}\n",
        [
            "line 5: deployments[0].parameters.limit: give a whole number, not 'many'",
        ],
    ),
    "parameter that is no date": (
        ORDERS + "  parameters: {day: yesterday}\n",
        [
            "line 5: deployments[0].parameters.day: 'yesterday' is not a date",
        ],
    ),
    "parameter of no choice": (
        ORDERS + "  parameters: {region: asia}\n",
        [
            "line 5: deployments[0].parameters.region: give one of eu, us, not 'asia'",
        ],
    ),
    "nested parameter": (
        ORDERS + "  parameters: {options: {name: x, retries: often}}\n",
        [
            "line 5: deployments[0].parameters.options.retries: give a whole number, not 'often'",
        ],
    ),
    "nested parameter that lacks a key": (
        ORDERS + "  parameters: {options: {retries: 1}}\n",
        [
            "line 5: deployments[0].parameters.options: it lacks name",
        ],
    ),
    "item of a list": (
        ORDERS + "  parameters: {labels: [1]}\n",
        [
            "line 5: deployments[0].parameters.labels[0]: give a text, not 1",
        ],
    ),
    "parameter from a variable": (
        ORDERS + "  parameters: {limit: '{{ prefect.variables.words }}'}\n",
        [
            "line 5: deployments[0].parameters.limit: {{ prefect.variables.words }} is filled in: give a whole number",
        ],
    ),
    "parameter from the environment": (
        ORDERS + "  parameters: {limit: '{{ $WORDS }}'}\n",
        [
            "line 5: deployments[0].parameters.limit: {{ $WORDS }} is filled in: give a whole number",
        ],
    ),
    "schedule that lacks a parameter": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:clean_up\n  work_pool: {name: etl}\n  schedules: [{cron: 0 6 * * *}]\n",
        [
            "line 5: deployments[0].schedules[0]: runs of this schedule lack the parameter days, which the flow requires; give it here or for the deployment",
        ],
    ),
    "unknown parameter of a schedule": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, parameters: {days: 1, day: 2}}]\n",
        [
            "line 6: deployments[0].schedules[0].parameters.day: the flow has no parameter 'day'; did you mean days?",
        ],
    ),
    "trigger that lacks a parameter": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:clean_up\n  work_pool: {name: etl}\n  triggers: [{expect: [prefect.flow-run.Failed]}]\n",
        [
            "line 5: deployments[0].triggers[0]: runs of this trigger lack the parameter days, which the flow requires; give it here or for the deployment",
        ],
    ),
    "unknown job variable": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {wokring_dir: /srv}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.wokring_dir: the base job template of pool 'etl' has no variable 'wokring_dir', and its workers would ignore it; did you mean working_dir?",
        ],
    ),
    "job variable of the wrong type": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {stream_output: sometimes}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.stream_output: give true or false, not 'sometimes'",
        ],
    ),
    "environment of numbers": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {LIMIT: 5}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.LIMIT: give a text, not 5",
        ],
    ),
    "pool that is not there": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: elt}\n",
        [
            "line 4: deployments[0].work_pool.name: there is no work pool 'elt', neither in this stack nor on the server; did you mean etl? - or declare it under environment.pools of the stack's config",
        ],
    ),
    "queue that is not there": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, work_queue_name: priorty}\n",
        [
            "line 4: deployments[0].work_pool.work_queue_name: the pool 'etl' has no queue 'priorty', and Prefect would make one; did you mean priority? - or declare it under environment.pools.etl.queues",
        ],
    ),
    "block that is not there": (
        ORDERS + "  description: '{{ prefect.blocks.json.setings }}'\n",
        [
            "line 5: deployments[0].description: there is no block json/setings, neither in this stack nor on the server; did you mean settings?",
        ],
    ),
    "field of a block that is not there": (
        ORDERS + "  description: '{{ prefect.blocks.warehouse.dwh.hosst }}'\n",
        [
            "line 5: deployments[0].description: the block warehouse/dwh has no field 'hosst'; did you mean host?",
        ],
    ),
    "block without a name": (
        ORDERS + "  description: '{{ prefect.blocks.json }}'\n",
        [
            "line 5: deployments[0].description: {{ prefect.blocks.json }}: write prefect.blocks.TYPE.NAME",
        ],
    ),
    "variable that is not there": (
        ORDERS + "  parameters: {region: '{{ prefect.variables.regoin }}'}\n",
        [
            "line 5: deployments[0].parameters.region: there is no variable regoin, neither in this stack nor on the server, and Prefect would deploy an empty text in its place; did you mean region?",
        ],
    ),
    "secret block in job variables": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {TOKEN: '{{ prefect.blocks.secret.api-token }}'}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.TOKEN: the Secret block api-token is resolved by the deploy and would be stored as plain text; let the worker resolve it: set environment.pools.etl.env_from_blocks.TOKEN: api-token in the stack's config",
        ],
    ),
    "secret block in parameters": (
        ORDERS + "  parameters: {labels: ['{{ prefect.blocks.secret.api-token }}']}\n",
        [
            "line 5: deployments[0].parameters.labels[0]: the Secret block api-token is resolved by the deploy and would be stored as plain text; load it in the flow: Secret.load('api-token').get()",
        ],
    ),
    "secret field of a block": (
        ORDERS + "  parameters: {labels: ['{{ prefect.blocks.warehouse.dwh.password }}']}\n",
        [
            "line 5: deployments[0].parameters.labels[0]: password of the block warehouse/dwh is secret and resolved by the deploy and would be stored as plain text; load the block 'dwh' in the flow",
        ],
    ),
    "whole block with a secret": (
        ORDERS + "  parameters: {options: '{{ prefect.blocks.warehouse.dwh }}'}\n",
        [
            "line 5: deployments[0].parameters.options: the block warehouse/dwh holds secrets (password), is resolved by the deploy and would be stored as plain text; load the block 'dwh' in the flow",
        ],
    ),
    "block by its id": (
        ORDERS + "  parameters: {options: {$ref: {block_document_id: 11111111-1111-4111-8111-111111111111}}}\n",
        [
            "line 5: deployments[0].parameters.options: the block 11111111-1111-4111-8111-111111111111 is resolved by the deploy, and its secret fields (password) would be stored as plain text; load it in the flow: Secret.load('NAME').get()",
        ],
    ),
    "secret by the name of its variable": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {TOKEN: '{{ $API_TOKEN }}'}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.TOKEN: the environment variable API_TOKEN is a secret by its name and would be stored as plain text; let the worker resolve it: set environment.pools.etl.env_from_blocks.TOKEN: NAME in the stack's config; if it is none, list it in plain_text",
        ],
    ),
    "secret by its value": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {X: '{{ $INNOCENT }}'}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.X: the environment variable INNOCENT holds a secret of this stack and would be stored as plain text; let the worker resolve it: set environment.pools.etl.env_from_blocks.X: NAME in the stack's config",
        ],
    ),
    "secret in clear": (
        "deployments:\n- name: a\n  entrypoint: flows/orders.py:import_orders\n  work_pool: {name: etl, job_variables: {env: {X: 'user:hunter2-hunter2'}}}\n",
        [
            "line 4: deployments[0].work_pool.job_variables.env.X: it holds a secret, which would be stored as plain text; let the worker resolve it: set environment.pools.etl.env_from_blocks.X: NAME in the stack's config",
        ],
    ),
    "secret variable in a pull step": (
        ORDERS
        + "  pull:\n  - prefect.deployments.steps.git_clone: {repository: 'https://example.com/flows.git', access_token: '{{ $API_TOKEN }}'}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.access_token: the environment variable API_TOKEN is a secret by its name and would be stored as plain text; write {{ prefect.blocks.secret.NAME }}, which the worker resolves; if it is none, list it in plain_text",
        ],
    ),
    "token in clear in a pull step": (
        ORDERS
        + "  pull:\n  - prefect.deployments.steps.git_clone: {repository: 'https://example.com/flows.git', access_token: abc}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.access_token: the access token in clear would be stored as plain text; write {{ prefect.blocks.secret.NAME }}, which the worker resolves",
        ],
    ),
    "password in an address": (
        ORDERS
        + "  pull:\n  - prefect.deployments.steps.git_clone: {repository: 'https://user:abc@example.com/flows.git'}\n",
        [
            "line 6: deployments[0].pull[0].prefect.deployments.steps.git_clone.repository: the address holds a password, which would be stored as plain text; give access_token: '{{ prefect.blocks.secret.NAME }}', which the worker resolves",
        ],
    ),
    "everything at once": (
        ORDERS
        + "  paramters: {}\n  version: 1\n  schedules: [{cron: x}]\n- name: a\n  entrypoint: flows/nowhere.py:run\n  work_pool: {name: elt}\n  description: '{{ $VERSION }}'\n",
        [
            "line 5: deployments[0].paramters: unknown key; did you mean parameters?",
            "line 6: deployments[0].version: 1 is a number, and Prefect wants a text; put it in quotes",
            "line 7: deployments[0].schedules[0].cron: 'x' is not a cron line (Wrong number of fields); five fields, such as '0 6 * * 1-5'",
            "line 7: deployments[0].schedules[0]: runs of this schedule lack the parameter day, which the flow requires; give it here or for the deployment",
            "line 9: deployments[1].entrypoint: there is no file flows/nowhere.py",
            "line 10: deployments[1].work_pool.name: there is no work pool 'elt', neither in this stack nor on the server; did you mean etl? - or declare it under environment.pools of the stack's config",
            "line 11: deployments[1].description: the environment variable VERSION is not set, and Prefect would deploy an empty text in its place",
        ],
    ),
}
