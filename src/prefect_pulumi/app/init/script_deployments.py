"""Deployments that scripts make with `serve`, `deploy` and `to_deployment`, as entries of a `prefect.yaml`."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.flows.source import Entrypoint, SourceFault, flow_name

Json = dict[str, Any]
POOL = "default"
"""The work pool of a deployment that had none: `serve` runs it in its own process."""
CALLS = frozenset({"serve", "deploy", "to_deployment"})
VERBATIM = frozenset({"tags", "description", "version", "parameters", "enforce_parameter_schema", "paused"})
LIMITS = frozenset({"concurrency_limit", "global_limit"})
WORK_POOL = {"work_pool_name": "name", "work_queue_name": "work_queue_name", "job_variables": "job_variables"}
RULES = {"Cron": "cron", "CronSchedule": "cron", "Interval": "interval", "IntervalSchedule": "interval"}
RULES |= {"RRule": "rrule", "RRuleSchedule": "rrule"}
"""Constructor of a schedule -> its rule, which is also the name of its first argument."""
WITHOUT_EFFECT = frozenset(
    {"name", "limit", "pause_on_shutdown", "print_starting_message", "webserver", "push", "print_next_steps"}
    | {"ignore_warnings", "entrypoint_type"}
)
"""Arguments that say how the script runs, not what the deployment is."""


@dataclass(frozen=True, slots=True)
class ScriptDeployment:
    """`entry`: of `prefect.yaml`. `where`: file and line of the call. `served`: its runs are made by the script's own
    process. `left`: arguments that the entry lacks, because code computes them."""

    entry: Json
    where: str
    served: bool
    left: tuple[str, ...] = ()


class ComputedValue(ValueError):
    """A value that only running the script would tell."""


def script_deployments(tree: ast.Module, path: Path, root: Path) -> Iterator[ScriptDeployment]:
    """Of one Python file, below `root`; it is not run. A flow of another module of the repository is followed."""
    modules = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in CALLS:
            continue
        entrypoint = _entrypoint(node.func.value, modules, path, root)
        if entrypoint is not None:
            yield _deployment(node, node.func.attr, entrypoint, path, root)


def _entrypoint(holder: ast.expr, modules: Mapping[str, str], path: Path, root: Path) -> Entrypoint | None:
    """Of the flow whose method is called, with a path below `root`; None when it is none that the repository has."""
    if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Attribute) and holder.func.attr == "from_source":
        texts = [(keyword.value, root) for keyword in holder.keywords if keyword.arg == "entrypoint"]
        places = [(str(text.value), folder) for text, folder in texts if isinstance(text, ast.Constant)]
    elif isinstance(holder, ast.Name):
        module = modules.get(holder.id, "")
        places = [(f"{path.name}:{holder.id}", path.parent)]
        # A script finds the modules beside it, an installed package those of the repository.
        places += [(module, path.parent), (module, root), (module, root / "src")] if module else []
    else:
        return None
    for text, folder in places:
        try:
            entrypoint = Entrypoint.parse(text, folder)
            flow_name(entrypoint)
        except SourceFault:
            continue
        if entrypoint.path.is_relative_to(root):
            return entrypoint
    return None


def _deployment(call: ast.Call, method: str, entrypoint: Entrypoint, path: Path, root: Path) -> ScriptDeployment:
    where = f"{path.relative_to(root).as_posix()}:{call.lineno}"
    entry: Json = {"name": flow_name(entrypoint)}
    entry["entrypoint"] = f"{entrypoint.path.relative_to(root).as_posix()}:{entrypoint.name}"
    pool: Json = {}
    left: list[str] = []
    names = [ast.keyword("name", argument) for argument in call.args[:1]]
    for keyword in [*names, *call.keywords]:
        try:
            _argument(keyword, entry, pool)
        except (ComputedValue, TypeError, ValueError, SyntaxError):
            left.append(keyword.arg or "**")
    served = method != "deploy" and "name" not in pool
    if served:
        entry.setdefault("paused", False)  # `serve` pauses what it has made when it ends
    entry["work_pool"] = {"name": POOL, **pool}
    return ScriptDeployment(entry, where, served, tuple(left))


def _argument(keyword: ast.keyword, entry: Json, pool: Json) -> None:
    """Puts an argument into the entry, or its work pool. Raises `ComputedValue` for one that it cannot have."""
    name, node = keyword.arg or "", keyword.value
    if isinstance(node, ast.Constant) and node.value is None:
        return
    if name == "name" or name in VERBATIM:
        entry[name] = _literal(node)
    elif name in LIMITS:
        entry["concurrency_limit"] = _literal(node)
    elif name in WORK_POOL:
        pool[WORK_POOL[name]] = _literal(node)
    elif name == "image":
        pool.setdefault("job_variables", {})["image"] = _literal(node)
    elif name in ("cron", "interval", "rrule"):
        rules = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        entry.setdefault("schedules", []).extend([{name: _rule(rule)} for rule in rules])
    elif name in ("schedule", "schedules"):
        rules = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        entry.setdefault("schedules", []).extend([_schedule(rule) for rule in rules])
    elif name not in WITHOUT_EFFECT:
        raise ComputedValue(name)


def _schedule(node: ast.expr) -> Json:
    """Of `Cron("0 6 * * *", timezone="Europe/Berlin")` and the like."""
    if not isinstance(node, ast.Call):
        raise ComputedValue(ast.unparse(node))
    rule = RULES.get(_last_name(node.func), "")
    if not rule:
        raise ComputedValue(ast.unparse(node))
    first = [ast.keyword(rule, argument) for argument in node.args[:1]]
    return {keyword.arg or "": _rule(keyword.value) for keyword in [*first, *node.keywords]}


def _rule(node: ast.expr) -> Any:
    """A literal; of a `timedelta` its seconds."""
    if isinstance(node, ast.Call) and _last_name(node.func) == "timedelta":
        days = [_literal(argument) for argument in node.args]
        parts = {keyword.arg or "": _literal(keyword.value) for keyword in node.keywords}
        return timedelta(*days, **parts).total_seconds()
    return _literal(node)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _literal(node: ast.expr) -> Any:
    """Raises `ValueError` or `TypeError` for what is no literal, or none that a YAML file has."""
    value = ast.literal_eval(node)
    return json.loads(json.dumps(value))
