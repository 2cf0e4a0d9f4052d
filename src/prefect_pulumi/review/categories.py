"""What a difference does to the people who run flows: one word for each object, by kind and field (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from prefect_pulumi.core.property_paths import head
from prefect_pulumi.review.model import Action, Class, FieldChange, Flag, Item


class Category(StrEnum):
    """Gravest first. `RUNS_LOST`: scheduled runs go and do not come again; `STOPS_WORK`: paused, offline, a limit that
    holds nothing back; `ACCESS_LOST`: what flows read is gone; `IDS_CHANGE`: a new object under the old name;
    `SCHEDULES_MOVE`: runs at other times; `NEXT_RUNS`: runs do something else; `HARMLESS`: words and tags."""

    RUNS_LOST = "runs lost"
    STOPS_WORK = "stops work"
    ACCESS_LOST = "access lost"
    IDS_CHANGE = "ids change"
    SCHEDULES_MOVE = "schedules move"
    NEXT_RUNS = "next runs"
    HARMLESS = "harmless"


_HARMLESS, _NEXT, _MOVE = Category.HARMLESS, Category.NEXT_RUNS, Category.SCHEDULES_MOVE
_STOPS, _LOST, _ACCESS, _IDS = Category.STOPS_WORK, Category.RUNS_LOST, Category.ACCESS_LOST, Category.IDS_CHANGE
_PLACE = ("accountId", "workspaceId")
_WORDS = ("name", "description", "tags", "labels", "version")

FIELDS: dict[str, dict[Category, tuple[str, ...]]] = {
    "WorkPool": {
        _HARMLESS: ("name", "description"),
        _NEXT: ("type", "concurrencyLimit", "baseJobTemplate", "storageConfiguration"),
        _STOPS: ("paused",),
    },
    "WorkQueue": {
        _HARMLESS: ("name", "description"),
        _NEXT: ("workPoolName", "priority", "concurrencyLimit"),
        _STOPS: ("paused",),
    },
    "Variable": {_HARMLESS: ("tags",), _NEXT: ("value",), _ACCESS: ("name",)},
    "BlockType": {
        _HARMLESS: ("name", "logoUrl", "documentationUrl", "description", "codeExample"),
        _ACCESS: ("slug",),
    },
    "BlockSchema": {_HARMLESS: ("capabilities", "version"), _NEXT: ("blockTypeSlug", "fields")},
    "BlockDocument": {_NEXT: ("blockTypeSlug", "blockSchemaId", "data"), _ACCESS: ("name",)},
    "SecretBlock": {_NEXT: ("value",), _ACCESS: ("name",)},
    "JsonBlock": {_NEXT: ("value",), _ACCESS: ("name",)},
    "GlobalConcurrencyLimit": {_NEXT: ("name", "limit", "slotDecayPerSecond"), _STOPS: ("active",)},
    "TaskRunConcurrencyLimit": {_NEXT: ("tag", "limit")},
    "Flow": {_HARMLESS: ("name", "tags", "labels")},
    "Deployment": {
        _HARMLESS: (*_WORDS, "versionInfo", "sla"),
        _NEXT: (
            *("flowName", "entrypoint", "path", "pullSteps", "parameters", "parameterOpenapiSchema"),
            *("enforceParameterSchema", "workPoolName", "workQueueName", "jobVariables", "concurrencyLimit"),
            *("collisionStrategy", "gracePeriodSeconds", "globalConcurrencyLimitId", "storageDocumentId"),
            "infrastructureDocumentId",
            # as `prefect.yaml` and the API spell them
            *("pull_steps", "enforce_parameter_schema", "work_pool_name", "work_queue_name", "job_variables"),
            *("concurrency_limit", "collision_strategy", "grace_period_seconds", "automations", "triggers", "owner"),
        ),
        _MOVE: ("schedules",),
        _STOPS: ("paused", "disabled"),
    },
    "DeploymentSchedule": {
        _HARMLESS: ("slug",),
        _NEXT: ("parameters",),
        _MOVE: (
            *("deploymentId", "cron", "interval", "rrule", "timezone", "anchorDate", "dayOr"),
            *("maxScheduledRuns", "catchup", "maxActiveRuns"),
        ),
        _STOPS: ("active",),
    },
    "Automation": {
        _HARMLESS: ("name", "description", "tags"),
        _NEXT: ("trigger", "actions", "actionsOnTrigger", "actionsOnResolve"),
        _STOPS: ("enabled",),
    },
    "ResultStorage": {_NEXT: ("blockDocumentId",)},
    "Webhook": {
        _HARMLESS: ("name", "description"),
        _NEXT: ("template",),
        _ACCESS: (*_PLACE, "serviceAccountId", "keepers"),
        _STOPS: ("enabled",),
    },
    "ServiceAccount": {
        _HARMLESS: ("name", "oldKeySeconds"),
        _ACCESS: ("accountId", "accountRoleId", "apiKeyExpiration", "keepers"),
    },
    "Team": {_HARMLESS: ("name", "description"), _ACCESS: ("accountId",)},
    "WorkspaceRole": {_HARMLESS: ("name", "description"), _ACCESS: ("accountId", "scopes", "inheritedRoleId")},
    "Workspace": {
        _HARMLESS: ("name", "description", "deletionProtection"),
        _ACCESS: ("accountId", "handle", "defaultWorkspaceRoleId"),
    },
    "WorkspaceAccess": {_ACCESS: (*_PLACE, "accessorType", "accessor", "role")},
    "TeamMember": {_ACCESS: ("accountId", "team", "memberType", "member")},
    "DeploymentAccess": {_ACCESS: (*_PLACE, "deploymentId", "manage", "run", "view")},
    "WorkPoolAccess": {_ACCESS: (*_PLACE, "workPoolName", "manage", "run", "view")},
    "BlockAccess": {_ACCESS: (*_PLACE, "blockDocumentId", "manage", "view")},
    "Sla": {_HARMLESS: ("slas",), _ACCESS: (*_PLACE, "deploymentId")},
    "ManagedAutomation": {_NEXT: ("type", "settings"), _STOPS: ("enabled",), _ACCESS: _PLACE},
    "UserApiKey": {_ACCESS: ("accountId", "name", "user", "expiration", "keepers")},
    "AccountMember": {_ACCESS: ("accountId", "email", "role", "active")},
    "Account": {
        _HARMLESS: ("name", "location", "link", "billingEmail", "aiLogSummaries", "selfHealingEnabled"),
        _ACCESS: (
            *("accountId", "handle", "authExpirationSeconds", "allowPublicWorkspaces", "enforceIpAllowlist"),
            "enforceWebhookAuthentication",
        ),
        _STOPS: ("managedExecution",),
    },
    "LocalServer": {_ACCESS: ("directory", "host", "port")},
    "ProcessWorker": {
        _HARMLESS: ("name", "drainSeconds", "onlineSeconds", "restartOn"),
        _NEXT: ("directory", "env", "limit", "workPool", "workQueues"),
        _STOPS: ("poolPaused",),
    },
    "WorkerDrain": {_HARMLESS: ("workPool", "workers", "revision", "timeout", "paused", "replaceLost")},
    "WorkerOnline": {
        _HARMLESS: (
            *("workPool", "workers", "containers", "dockerHost", "revision", "timeout", "drainSeconds"),
            "paused",
        ),
    },
    "Deployments": {
        _HARMLESS: (
            *("workPools", "workQueues", "localPools", "adopt", "onFailure", "plainText", "workerPackages", "strict"),
            *("importSeconds", "hashKey", "fingerprints", "fingerprintParts", "entries", "uiOwns"),
        ),
        _NEXT: ("directory", "prefectFile", "commit", "env", "overrides", "stepFiles", "keepOnDelete"),
    },
    "Release": {
        _HARMLESS: ("deployments", "images", "pinned", "promoted", "keep", "commit", "infrastructure"),
    },
}
"""Kind -> category -> its fields. What starts or stops with a field is judged by the impacts, too."""

GONE: dict[str, Category] = {
    "WorkPool": _STOPS,
    "WorkQueue": _STOPS,
    "Variable": _ACCESS,
    "BlockType": _ACCESS,
    "BlockSchema": _ACCESS,
    "BlockDocument": _ACCESS,
    "SecretBlock": _ACCESS,
    "JsonBlock": _ACCESS,
    "GlobalConcurrencyLimit": _STOPS,
    "TaskRunConcurrencyLimit": _STOPS,
    "Flow": _LOST,
    "Deployment": _LOST,
    "DeploymentSchedule": _LOST,
    "Automation": _STOPS,
    "ResultStorage": _STOPS,
    "Webhook": _STOPS,
    "ServiceAccount": _ACCESS,
    "Team": _ACCESS,
    "WorkspaceRole": _ACCESS,
    "Workspace": _LOST,
    "WorkspaceAccess": _ACCESS,
    "TeamMember": _ACCESS,
    "DeploymentAccess": _HARMLESS,  # the list stays there
    "WorkPoolAccess": _HARMLESS,
    "BlockAccess": _HARMLESS,
    "Sla": _HARMLESS,
    "ManagedAutomation": _STOPS,
    "UserApiKey": _ACCESS,
    "AccountMember": _HARMLESS,  # so do a member and the account
    "Account": _HARMLESS,
    "LocalServer": _STOPS,
    "ProcessWorker": _STOPS,
    "WorkerDrain": _HARMLESS,
    "WorkerOnline": _HARMLESS,
    "Deployments": _LOST,
    "Release": _HARMLESS,
}
"""What it means when an object of a kind is gone."""

_FLAGS = {
    Flag.REPLACE: _IDS,
    Flag.REVERT_REPLACES: _HARMLESS,  # drift is judged by what it did, not by what takes it back
    Flag.RUNS_LOST: _LOST,
    Flag.SCHEDULE_ACTIVE: _MOVE,
    Flag.SCHEDULE_PAUSED: _STOPS,
    Flag.RUNS_PER_DAY: _MOVE,
    Flag.DELIVERY_PAUSED: _STOPS,
    Flag.LIMIT_OFF: _STOPS,
    Flag.WORKER_OFFLINE: _STOPS,
    Flag.SECRET_CHANGED: _NEXT,
    Flag.DELETES_QUEUES: _STOPS,
    Flag.IN_USE: _HARMLESS,  # the object's own category says what its users lose
}
_BY_FIELD = {kind: {name: cat for cat, names in fields.items() for name in names} for kind, fields in FIELDS.items()}


def category_of(item: Item) -> Category | None:
    """The gravest word for an object; None for one that no stack owns. Drift is judged by what it did, this change by
    what it will do."""
    if item.cls is Class.UNMANAGED_LIVE:
        return None
    order = list(Category)
    return min(_categories(item), key=order.index)


def policy_word(category: Category | None) -> str:
    """As `forbid` of a policy names it: `runs-lost`."""
    return "" if category is None else category.replace(" ", "-")


def counted(items: Iterable[Item]) -> dict[str, int]:
    """Category -> how many objects of this change and of the drift that counts have it; those with none are left
    out."""
    found = [category_of(item) for item in items if (item.counts if item.drifted else item.changes)]
    return {str(category): found.count(category) for category in Category if category in found}


def _categories(item: Item) -> Iterator[Category]:
    yield _HARMLESS
    if item.action in (Action.DELETE, Action.PRUNE) or item.cls is Class.MISSING_LIVE:
        if not item.is_gone_already:
            yield GONE.get(item.kind, _NEXT)
    elif item.action is Action.REPLACE:
        yield _IDS
    if item.action is Action.CREATE and item.cls is Class.THIS_CHANGE:
        return  # it stops nothing and moves nothing
    for change in item.fields:
        yield _IDS if change.path == "id" else _of_field(item.kind, change)
    yield from (_MOVE if impact.again else _FLAGS[impact.flag] for impact in item.impacts)


def _of_field(kind: str, change: FieldChange) -> Category:
    """A field of a kind that is not Prefect's counts for later runs. A switch that stops nothing starts something."""
    name = head(change.path)
    category = _BY_FIELD.get(kind, {}).get(name, _NEXT)
    if category is not _STOPS:
        return category
    after = change.code if change.cls is Class.THIS_CHANGE else change.live
    return _STOPS if after.value is (name in ("paused", "poolPaused")) else _NEXT
