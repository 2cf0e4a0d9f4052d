"""Where our verdict of a real file is another than that of plain `prefect deploy`, each with its reason."""

from __future__ import annotations

REASONS = {
    "lost key": "a misspelt key, or a known one at a wrong place",
    "key twice": "a key that is there twice",
    "parameters": "parameters that do not fit the flow",
    "job variables": "job variables that the pool's template does not have",
    "odd tags": "tags that are one text, and a tag that is a list, a mapping, a switch or empty",
    "dropped item": "an item of a list that is only the output of a step",
    "empty text": "an environment variable, a Prefect variable or a step's output that does not exist",
    "date": "an anchor that is a date without quotes",
    "never": "a cron line of a day that never comes",
    "step": "a step that does not exist, or an argument that it does not take",
    "queue": "a work queue that does not exist",
    "old steps": "steps of `prefect.projects`, and two functions in one step",
    "plain secret": "a secret in plain text",
    "local folder": "no pull step, and workers that are elsewhere",
    "no arguments": "a step whose arguments are no mapping",
    "no deployments": "a file without deployments",
    "no limit": "a concurrency limit below 1",
}
"""Key -> the words that begin its row in docs/prefect-yaml.md."""

DIFFERENCES = {
    "misspelt key": "lost key",
    "strategy of a wrong level": "lost key",
    "job variables of a wrong level": "lost key",
    "key twice": "key twice",
    "unknown parameter": "parameters",
    "parameter of another type": "parameters",
    "job variable that is not there": "job variables",
    "nested tags": "odd tags",
    "tags in one text": "odd tags",
    "empty tag": "odd tags",
    "switch as a tag": "odd tags",
    "anchor without quotes": "date",
    "cron that never comes": "never",
    "unknown step": "step",
    "unknown argument of a step": "step",
    "queue that is not there": "queue",
    "Secret block in job variables": "plain secret",
    "deployments of nothing": "no deployments",
    "tag of a step's output alone": "dropped item",
    "unset variable": "empty text",
    "Prefect's variable that is not there": "empty text",
    "output of no step": "empty text",
    "steps of Prefect 2": "old steps",
    "two steps in one": "old steps",
    "token in clear": "plain secret",
    "this machine's folder for a far pool": "local folder",
    "limit of zero": "no limit",
    "step without arguments": "no arguments",
    "no deployments": "no deployments",
}
"""Name of the file -> key of its reason."""
