"""The values that `prefect.yaml` holds, each judged as Prefect itself will judge it; pure but for time zone data."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, WrapValidator

from prefect_pulumi.core.suggestions import suggestion
from prefect_pulumi.models import names


def has_template(value: Any) -> bool:
    """Whether a text holds a `{{ }}` that something replaces later."""
    return isinstance(value, str) and "{{" in value


def _or_template(value: Any, check: Callable[[Any], Any]) -> Any:
    return value if has_template(value) else check(value)


OrTemplate = WrapValidator(_or_template)
"""Lets a `{{ }}` stand where a checked value belongs; the value is checked once it is known."""


def _cron(text: str) -> str:
    if has_template(text):
        return text
    fields = text.split()
    if any(field.casefold() in ("r", "h") for field in fields):
        raise ValueError(f"{text!r} has a random or hashed field (R, H), which Prefect does not take")
    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
        simple = len(fields) == 5
        reason = "it has not five fields"
    except CronSimError as error:
        simple, reason = False, str(error)
    if simple:
        return text
    verdict = _croniter(text)
    if not verdict:
        raise ValueError(f"{text!r} is not a cron line ({reason}); five fields, such as '0 6 * * 1-5'")
    if verdict == "never":
        raise ValueError(f"{text!r} names a day that never comes")
    return text


def _croniter(text: str) -> str:
    """What Prefect's own copy of croniter says of lines beyond the common five fields (@daily, a sixth field): "valid",
    "never" for a day that never comes, "" for no cron line.

    It is read from its file: prefect itself is not imported.
    """
    module = _croniter_module()
    if module is None or not module.croniter.is_valid(text):
        return ""
    try:
        module.croniter(text, datetime(2026, 1, 1, tzinfo=UTC)).get_next()
    except module.CroniterBadDateError:
        return "never"
    return "valid"


@cache
def _croniter_module() -> Any:
    prefect_spec = find_spec("prefect")
    folders = list(prefect_spec.submodule_search_locations or ()) if prefect_spec else []
    files = [Path(folder, "_vendor", "croniter", "croniter.py") for folder in folders]
    file = next((path for path in files if path.is_file()), None)
    spec = spec_from_file_location("_prefect_croniter", file) if file else None
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ImportError:
        return None
    return module


def _timezone(text: str) -> str:
    if has_template(text):
        return text
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        zones = available_timezones()
        same = [f"did you mean {zone}?" for zone in sorted(zones) if zone.casefold() == text.casefold()]
        hint = suggestion(text, zones, next(iter(same), "write a name such as Europe/Berlin"))
        raise ValueError(f"{text!r} is not a time zone; {hint}") from None
    return text


def _rrule(text: str) -> str:
    if has_template(text):
        return text
    from dateutil.rrule import rrulestr

    rule = text
    if text.lstrip().startswith("{"):
        try:
            rule = json.loads(text)["rrule"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{text!r} is JSON without an rrule") from None
    try:
        rrulestr(rule)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{rule!r} is not a recurrence rule ({error}); such as 'FREQ=WEEKLY;BYDAY=MO,WE'") from None
    return text


def _moment(value: Any) -> Any:
    if isinstance(value, date):
        raise ValueError(
            f"YAML makes a date of {value}, for which Prefect skips the file beside other keys than interval and "
            "timezone; put it in quotes"
        )
    if not isinstance(value, str) or has_template(value):
        return value
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a moment such as '2026-01-01T06:00:00+00:00'") from None
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("interval must be greater than zero")
    return value


def _not_json(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN and infinity cannot be written as JSON"
    if isinstance(value, dict):
        odd = next((key for key in value if not isinstance(key, str)), None)
        if odd is not None:
            return f"the key {odd} is not a text; put it in quotes"
        return next((fault for item in value.values() if (fault := _not_json(item))), "")
    if isinstance(value, list):
        return next((fault for item in value if (fault := _not_json(item))), "")
    if value is None or isinstance(value, str | bool | int | float | date):
        return ""
    return f"a {type(value).__name__} cannot be written as JSON"


def _json_mapping(value: Any) -> Any:
    if isinstance(value, dict) and (fault := _not_json(value)):
        raise ValueError(fault)
    return value


WHOLE = re.compile(r"\s*\{\{\s*(?!\$)[\w.\-\[\]]+\s*\}\}\s*")
"""A text that is one template for a value of any type: what `{{ $VARIABLE }}` gives is always a text."""


def _tags(value: Any) -> Any:
    if value is None:
        raise ValueError("it is empty, and Prefect fails on that; write [] or leave the key out")
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return value
    if not isinstance(value, list):
        raise ValueError("give a list, such as [orders, nightly]")
    for tag in value:
        if not isinstance(tag, str | int | float) or isinstance(tag, bool):
            raise ValueError(f"a tag must be a text, not {tag!r}")
        if not str(tag).strip():
            raise ValueError("a tag must not be empty: Prefect drops it")
    return value


VERSION_TYPES = ("prefect:simple", "vcs:github", "vcs:gitlab", "vcs:bitbucket", "vcs:azuredevops", "vcs:git")
"""prefect/_internal/versioning.py, `VersionType`."""


def _version_type(text: str) -> str:
    if has_template(text) or text in VERSION_TYPES:
        return text
    hint = suggestion(text, VERSION_TYPES, f"give one of {', '.join(VERSION_TYPES)}")
    raise ValueError(f"{text!r} is not a version type; {hint}")


_SECONDS = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]})

Name = Annotated[names.Name, OrTemplate]
Cron = Annotated[str, AfterValidator(_cron)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
RRule = Annotated[str, AfterValidator(_rrule)]
Moment = Annotated[str, BeforeValidator(_moment)]
Span = Annotated[timedelta, Field(ge=timedelta(0)), _SECONDS]
Duration = Annotated[timedelta, AfterValidator(_positive), _SECONDS]
Switch = Annotated[bool, OrTemplate, WithJsonSchema({"type": ["boolean", "string"]})]
JsonMapping = Annotated[dict[str, Any], BeforeValidator(_json_mapping)]
Tags = Annotated[Any, BeforeValidator(_tags), WithJsonSchema({"type": ["array", "string"], "items": {}})]
"""A list of texts, or one template that stands for such a list."""
VersionType = Annotated[str, AfterValidator(_version_type), WithJsonSchema({"enum": list(VERSION_TYPES)})]
