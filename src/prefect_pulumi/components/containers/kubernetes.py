"""Workers in a Kubernetes cluster, as plain manifests by pulumi-kubernetes (optional: `pip install
prefect-pulumi[kubernetes]`).

Namespace, service account, a role with what prefect-kubernetes's worker asks for (jobs, pods, their logs, events), a
secret with the API's credentials, and a deployment of the workers.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pulumi

from prefect_pulumi.components.containers.workers import HEARTBEAT_SECONDS, STOP_MARGIN, digest, environment
from prefect_pulumi.components.environment import ProgramSettingsError
from prefect_pulumi.project.pool_settings import PoolSettings
from prefect_pulumi.resources import WorkPool

if TYPE_CHECKING:
    from prefect_pulumi.components.containers.server import PrefectServer

HEALTH_PORT = 8080
RULES: list[dict[str, list[str]]] = [
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get", "list", "watch", "create", "delete"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    # Where the worker is set to keep its jobs' environment or the API's key in secrets of its own.
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create", "update", "patch", "delete"]},
]


def worker_deployment(
    name: str,
    settings: PoolSettings,
    pool: WorkPool,
    server: PrefectServer,
    image: pulumi.Output[str],
    template: Any,
    after: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """The resources of one pool's workers. Pulumi itself waits until the deployment's replicas are ready."""
    try:
        import pulumi_kubernetes as kubernetes
    except ImportError:
        raise ProgramSettingsError(
            "workers in Kubernetes need the package pulumi-kubernetes",
            where=f"Pulumi.{pulumi.get_stack()}.yaml: environment.pools.{name}",
            remedy="pip install 'prefect-pulumi[kubernetes]'",
        ) from None
    workers, child = settings.workers, pulumi.ResourceOptions(parent=after.parent)
    labels = {"app.kubernetes.io/name": "prefect-worker", "app.kubernetes.io/instance": name}
    namespace = kubernetes.core.v1.Namespace(f"{name}-namespace", child, metadata={"name": workers.namespace})
    metadata = {"name": f"prefect-worker-{name}", "namespace": namespace.metadata.name, "labels": labels}
    account = kubernetes.core.v1.ServiceAccount(f"{name}-account", child, metadata=metadata)
    jobs: dict[str, Any] = metadata
    if settings.job_namespace != workers.namespace:
        jobs = {**metadata, "namespace": settings.job_namespace}
    role = kubernetes.rbac.v1.Role(f"{name}-role", child, metadata=jobs, rules=RULES)
    binding = kubernetes.rbac.v1.RoleBinding(
        f"{name}-binding",
        child,
        metadata=jobs,
        role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata.name},
        subjects=[{"kind": "ServiceAccount", "name": account.metadata.name, "namespace": namespace.metadata.name}],
    )
    encoded = {key: value.apply(_encoded) for key, value in server.credentials.items()}
    secret = kubernetes.core.v1.Secret(f"{name}-credentials", child, metadata=metadata, type="Opaque", data=encoded)
    pod = pod_spec(name, settings, image, server.api_url, secret.metadata.name, account.metadata.name)
    # By its digest: what is combined with a secret is taken for one, and the template's words would be masked.
    credentials = pulumi.Output.unsecret(pulumi.Output.all(server.credentials).apply(digest))
    facts = pulumi.Output.all(template, credentials).apply(digest)
    deployment = kubernetes.apps.v1.Deployment(
        name,
        pulumi.ResourceOptions(parent=after.parent, depends_on=[binding, *_listed(after.depends_on)]),
        metadata=metadata,
        spec={
            "replicas": workers.count,
            "selector": {"matchLabels": labels},
            # Two generations never take runs concurrently; the pods get their drain before they go.
            "strategy": {"type": "Recreate"},
            "template": {
                "metadata": {
                    "labels": labels,
                    # Pods do not see a changed secret or template by themselves.
                    "annotations": {"prefect.io/revision": facts},
                },
                "spec": pod,
            },
        },
    )
    return [namespace, account, role, binding, secret, deployment]


def pod_spec(
    name: str,
    settings: PoolSettings,
    image: pulumi.Input[str],
    api_url: pulumi.Input[str],
    secret: pulumi.Input[str],
    account: pulumi.Input[str],
) -> dict[str, Any]:
    """The pod of one worker (core/v1 PodSpec). Its name on the server is the pod's own."""
    workers = settings.workers
    command = ["prefect", "--no-prompt", "worker", "start", "--pool", name, "--type", settings.type]
    command += ["--name", "$(POD_NAME)", "--with-healthcheck", "--no-create-pool-if-not-found"]
    command += ["--install-policy", "never"]
    for queue in workers.queues:
        command += ["--work-queue", queue]
    if workers.limit is not None:
        command += ["--limit", str(workers.limit)]
    plain = {"PREFECT_API_URL": api_url, **environment(workers)}
    own = [
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "PREFECT_WORKER_WEBSERVER_HOST", "value": "0.0.0.0"},  # noqa: S104 - the kubelet's probe comes from outside
        # Left out, the worker watches the jobs of all namespaces, which its role does not allow.
        {"name": "PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES", "value": settings.job_namespace},
    ]
    limits = {}
    if workers.memory is not None:
        limits["memory"] = f"{workers.memory}Mi"
    if workers.cpus is not None:
        limits["cpu"] = f"{round(workers.cpus * 1000)}m"
    container: dict[str, Any] = {
        "name": "worker",
        "image": image,
        "command": command,
        "env": [*own, *({"name": key, "value": value} for key, value in plain.items())],
        "envFrom": [{"secretRef": {"name": secret}}],
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": HEALTH_PORT},
            "initialDelaySeconds": 60,
            "periodSeconds": 3 * HEARTBEAT_SECONDS,
            "timeoutSeconds": 10,
        },
        "readinessProbe": {"httpGet": {"path": "/health", "port": HEALTH_PORT}, "periodSeconds": HEARTBEAT_SECONDS},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if limits:
        container["resources"] = {"limits": limits, "requests": limits}
    return {
        "serviceAccountName": account,
        "terminationGracePeriodSeconds": workers.drain_seconds + STOP_MARGIN,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001},
        "containers": [container],
    }


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _listed(depends_on: Any) -> list[pulumi.Resource]:
    return list(depends_on) if isinstance(depends_on, list) else []
