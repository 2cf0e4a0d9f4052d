"""All Prefect resources of this team, one environment per stack.

Values that differ between environments are in Pulumi.<stack>.yaml; the resources that use them are declared here.
"""

import pulumi

from blocks import declare_blocks
from limits import declare_limits
from prefect_pulumi.components import Flows, Pool, Server, declare_release, load_environment

environment = load_environment()
server = Server("server", environment.server)

pools = [Pool(name, settings, server.options, server=server) for name, settings in environment.pools.items()]
blocks = declare_blocks(environment, server.options)
limits = declare_limits(environment, server.options)

# Declare other resources of your team here, for example:
#   WorkPool("reports", server.options, type="docker", concurrency_limit=2)

flows = Flows(
    "flows",
    server.options,
    pools=pools,
    needs=[*blocks, *limits],
    commit=environment.released,
    settings=environment.deploy,
)
release = declare_release("release", environment, server.options, flows=[flows], pools=pools)

pulumi.export("ui", server.ui_url)
pulumi.export("pools", [pool.work_pool.name for pool in pools])
pulumi.export("workers", {name: pool.worker_facts for name, pool in zip(environment.pools, pools, strict=True)})
pulumi.export("deployments", flows.deployments)
pulumi.export("release", release.record)
