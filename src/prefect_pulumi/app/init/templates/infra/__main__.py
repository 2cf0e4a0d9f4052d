"""All Prefect resources of this team, one environment per stack.

Pulumi.<stack>.yaml declares the objects of each environment: `environment`. What it cannot say is declared here.
"""

import pulumi

from prefect_pulumi.components import (
    Flows,
    Server,
    declare_automations,
    declare_objects,
    declare_release,
    load_environment,
)

environment = load_environment()
server = Server("server", environment.server)
objects = declare_objects(environment, server)
pools = [*objects.pools.values()]

# Declare other resources of your team here, for example:
#   WorkPool("reports", server.options, type="docker", concurrency_limit=2)

flows = Flows(
    "flows",
    server.options,
    pools=pools,
    needs=objects.needs,
    commit=environment.released,
    settings=environment.deploy,
)
automations = declare_automations(environment, objects, flows=[flows])
release = declare_release("release", environment, server.options, flows=[flows], pools=pools)

pulumi.export("ui", server.ui_url)
pulumi.export("pools", [pool.work_pool.name for pool in pools])
pulumi.export("workers", {name: pool.worker_facts for name, pool in objects.pools.items()})
pulumi.export("deployments", flows.deployments)
pulumi.export("release", release.record)
