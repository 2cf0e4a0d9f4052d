"""Parameters against the flow's own schema, job variables against the pool's base job template; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from prefect_pulumi.core.suggestions import nearest
from prefect_pulumi.deploy.checks.findings import Entry, Findings, Subject, mapping
from prefect_pulumi.deploy.file.document import Keys
from prefect_pulumi.deploy.file.placeholders import open_template


def check_parameters(subject: Subject, findings: Findings, entry: Entry) -> None:
    """Unknown names, wrong types, and what a scheduled run would lack."""
    flow = subject.flows.get(entry.entrypoint)
    if flow is None or flow.schema is None or entry.data.get("enforce_parameter_schema") is False:
        return
    defaults = {
        name: schema["default"]
        for name, schema in flow.schema["properties"].items()
        if isinstance(schema, Mapping) and schema.get("default") is not None
    }
    for path, words in faults_of(defaults, flow.schema):
        findings.warning((*entry.keys, "entrypoint"), f"the flow's own default of {path[0]} does not fit it: {words}")
    own = mapping(entry.data.get("parameters"))
    given: list[tuple[Keys, Mapping[str, Any]]] = [((*entry.keys, "parameters"), own)]
    runs: list[tuple[Keys, Mapping[str, Any], str]] = []
    for keys, schedule in entry.schedules:
        parameters = mapping(schedule.get("parameters"))
        given.append(((*keys, "parameters"), parameters))
        runs.append((keys, parameters, "runs of this schedule lack"))
    triggers = entry.data.get("triggers")
    for index, trigger in enumerate(triggers if isinstance(triggers, list) else []):
        parameters = mapping(mapping(trigger).get("parameters"))
        keys = (*entry.keys, "triggers", index)
        given.append(((*keys, "parameters"), parameters))
        runs.append((keys, parameters, "runs of this trigger lack"))
    for keys, values in given:
        for name in values:
            if name not in flow.schema["properties"]:
                findings.fault(
                    (*keys, name),
                    f"the flow has no parameter {name!r}; {nearest(name, flow.schema['properties'], 'it has')}",
                )
        for path, words in faults_of(values, flow.schema):
            findings.fault((*keys, *path), _written(subject, (*keys, *path), words))
    for keys, values, words in runs:
        lacking = [name for name in flow.schema.get("required", ()) if name not in own and name not in values]
        if lacking:
            findings.fault(
                keys,
                f"{words} the parameter {', '.join(lacking)}, which the flow requires; give it here or for the "
                "deployment",
            )


def check_job_variables(subject: Subject, findings: Findings, entry: Entry) -> None:
    pool = subject.context.pools.get(str(entry.work_pool.get("name")))
    if pool is None or pool.variables is None:
        return
    keys = (*entry.keys, "work_pool", "job_variables")
    properties = mapping(pool.variables.get("properties"))
    for name in entry.job_variables:
        if name not in properties and pool.variables.get("additionalProperties") is not True:
            findings.fault(
                (*keys, name),
                f"the base job template of pool {entry.work_pool['name']!r} has no variable {name!r}, and its workers "
                f"would ignore it; {nearest(name, properties, 'it has')}",
            )
    for path, words in faults_of(entry.job_variables, pool.variables):
        findings.fault((*keys, *path), _written(subject, (*keys, *path), words))


def _written(subject: Subject, keys: Keys, words: str) -> str:
    """Names the template where one stands in the file: its value may be a secret."""
    value: Any = subject.raw
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return words
    return f"{value} is filled in: {words.partition(', not ')[0]}" if open_template(value) else words


def faults_of(values: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Place and words of each value that does not fit. What a later `{{ }}` or a block gives is not judged."""
    import jsonschema

    properties = mapping(schema.get("properties"))
    required = schema.get("required") or ()
    judged = {
        name: value
        for name, value in values.items()
        if name in properties and not open_template(value) and not _holds_reference(value)
    }
    whole = {
        "type": "object",
        "properties": {name: _nullable(properties[name], name in required) for name in judged},
        "definitions": schema.get("definitions", {}),
        "$defs": schema.get("$defs", {}),
    }
    validator = jsonschema.Draft202012Validator(whole, format_checker=_formats())
    for error in sorted(validator.iter_errors(judged), key=lambda fault: [str(part) for part in fault.absolute_path]):
        inner = _innermost(error)
        yield tuple(inner.absolute_path), _words(inner)


def _nullable(schema: Any, required: bool) -> Any:
    """Prefect takes null for what is neither required nor has a default (prefect/utilities/schema_tools)."""
    if required or not isinstance(schema, Mapping) or "default" in schema or "type" not in schema:
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _holds_reference(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "$ref" in value or "__prefect_kind" in value or any(_holds_reference(item) for item in value.values())
    return isinstance(value, list) and any(_holds_reference(item) for item in value)


@cache
def _formats() -> Any:
    """Formats as pydantic reads them, for it is what reads a run's parameters."""
    from datetime import date, datetime, time, timedelta
    from uuid import UUID

    import jsonschema
    from pydantic import TypeAdapter

    checker = jsonschema.FormatChecker(formats=())
    for name, kind in (
        ("date", date),
        ("date-time", datetime),
        ("time", time),
        ("duration", timedelta),
        ("uuid", UUID),
    ):
        adapter: TypeAdapter[Any] = TypeAdapter(kind)

        def fits(value: object, adapter: TypeAdapter[Any] = adapter) -> bool:
            if isinstance(value, str):
                adapter.validate_python(value)
            return True

        checker.checks(name, raises=ValueError)(fits)
    return checker


_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


def _words(error: Any) -> str:
    kind, wanted, value = error.validator, error.validator_value, error.instance
    if kind == "type":
        return f"give {_types([wanted] if isinstance(wanted, str) else wanted)}, not {_shown(value)}"
    if kind == "enum":
        choices = [str(choice) for choice in wanted]
        return f"give one of {', '.join(choices)}, not {_shown(value)}"
    if kind == "const":
        return f"give {wanted}, not {_shown(value)}"
    if kind == "format":
        return f"{_shown(value)} is not a {wanted}"
    if kind == "required":
        lacking = [name for name in wanted if name not in value]
        return f"it lacks {', '.join(lacking)}"
    if kind == "additionalProperties" and isinstance(value, Mapping):
        known = mapping(error.schema.get("properties"))
        extra = [name for name in value if name not in known]
        return f"unknown: {', '.join(extra)}; {nearest(str(extra[0]), known)}" if extra else str(error.message)
    if kind in ("anyOf", "oneOf") and error.context:
        return f"give {_types([choice.validator_value for choice in error.context])}, not {_shown(value)}"
    if kind in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        word = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}.get(kind, "less than")
        return f"it must be {word} {wanted}, not {_shown(value)}"
    return str(error.message)


def _innermost(error: Any) -> Any:
    """Of several forms the fault of the one that comes nearest; the whole, where only the type is wrong."""
    while error.validator in ("anyOf", "oneOf") and error.context:
        deeper = [cause for cause in error.context if cause.relative_path or cause.validator != "type"]
        if not deeper:
            return error
        from jsonschema.exceptions import relevance

        error = max(deeper, key=lambda cause: (len(cause.relative_path), relevance(cause)))
    return error


def _types(names: list[Any]) -> str:
    return " or ".join(dict.fromkeys(_TYPES.get(str(name), str(name)) for name in names))


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "a mapping"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
