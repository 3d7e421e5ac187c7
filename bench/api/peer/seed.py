"""Fills the original's database: as many environments as asked for, each with a completed build, packages, artifacts.

usage: seed.py DATABASE_URL ENVIRONMENTS PER_NAMESPACE PACKAGES DEPENDENCY...
"""
import datetime
import hashlib
import sys

import no_conda  # noqa: F401
from conda_store_server._internal import dbutil, orm, schema
from sqlalchemy import insert

url, environments, per_namespace, packages, *dependencies = sys.argv[1:]
environments, per_namespace, packages = int(environments), int(per_namespace), int(packages)
now = datetime.datetime(2026, 1, 1)
ARTIFACTS = ("DIRECTORY", "LOCKFILE", "LOGS", "YAML", "CONDA_PACK")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rows():
    """Tables with their rows, parents first."""
    ids = range(1, environments + 1)
    names = range(-(-environments // per_namespace))
    yield orm.Namespace, [{"id": n + 1, "name": f"namespace-{n}", "metadata_": {}} for n in names]
    # The worker would measure it, and refuse nothing of this.
    yield orm.CondaStoreConfiguration, [{"id": 1, "disk_usage": 0, "free_storage": 10**12, "total_storage": 10**12}]
    channel = {"id": 1, "name": "https://conda.anaconda.org/conda-forge", "last_update": now}
    yield orm.CondaChannel, [channel]
    texts = {"license": "BSD-3-Clause", "summary": "A package as long as packages are.", "description": ""}
    yield orm.CondaPackage, [
        {"id": n, "channel_id": 1, "name": f"package-{n}", "version": f"1.{n}.0", **texts}
        for n in range(1, packages + 1)
    ]
    same = {"channel_id": 1, "build": "h0_0", "build_number": 0, "constrains": [], "depends": []}
    same |= {"md5": "", "size": 1_000_000, "subdir": "linux-64", "timestamp": 0}
    yield orm.CondaPackageBuild, [
        {"id": n, "package_id": n, "sha256": sha256(str(n)), **same} for n in range(1, packages + 1)
    ]
    yield orm.Specification, [
        {
            **{"id": n, "name": name(n), "sha256": sha256(f"specification {n}"), "is_lockfile": False},
            "spec": {"name": name(n), "channels": ["conda-forge"], "dependencies": dependencies},
        }
        for n in ids
    ]
    yield orm.Environment, [
        {
            **{"id": n, "namespace_id": (n - 1) // per_namespace + 1, "name": name(n)},
            **{"current_build_id": n, "description": ""},
        }
        for n in ids
    ]
    yield orm.Build, [
        {
            **{"id": n, "specification_id": n, "environment_id": n, "size": 500_000_000},
            **{"status": schema.BuildStatus.COMPLETED, "build_key_version": 2},
            **{"scheduled_on": now, "started_on": now, "ended_on": now},
        }
        for n in ids
    ]
    yield orm.BuildArtifact, [
        {"build_id": n, "artifact_type": schema.BuildArtifactType[kind], "key": f"{kind}/{n}"}
        for n in ids
        for kind in ARTIFACTS
    ]
    yield orm.build_conda_package, [
        {"build_id": n, "conda_package_build_id": package} for n in ids for package in range(1, packages + 1)
    ]


def name(n: int) -> str:
    return f"environment-{(n - 1) % per_namespace}"


dbutil.upgrade(url)
with orm.new_session_factory(url=url)() as session:
    for table, values in rows():
        session.execute(insert(table), values)
    session.commit()
