"""Installing exactly the given packages."""

import json
import re
from pathlib import Path
from typing import Any

from client import make_client
from events import progress
from rattler import Channel, PackageRecord, RepoDataRecord, Subdir, install as rattler_install
from rattler.install import InstallerReporter
from rattler.package import BuildString

# Facts of a package that a lock does not keep, and that belong in its record.
FROM_INDEX = (
    "arch",
    "platform",
    "noarch",
    "timestamp",
    "license_family",
    "features",
    "track_features",
    "python_site_packages_path",
)
FREE_THREADED = re.compile(r"_cp(?P<major>\d)(?P<minor>\d+)t$")


class Reporter(InstallerReporter):
    """One line for each package that arrives and for each that is linked. Operations are numbered by rattler."""

    def __init__(self, packages: list[dict[str, Any]]) -> None:
        self.names: dict[int, str] = {}
        self.full_names = {one["name"]: f"{one['name']}-{one['version']}-{one['build']}" for one in packages}

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        self.names[operation] = self.full_names.get(package_name, package_name)
        return operation

    def on_download_start(self, cache_entry: int) -> int:
        return cache_entry

    def on_download_completed(self, download_idx: int) -> None:
        progress(f"Downloaded {self.names.get(download_idx, 'a package')}")

    def on_link_start(self, operation: int, package_name: str) -> int:
        progress(f"Linking {self.full_names.get(package_name, package_name)}")
        return operation


async def install(request: dict[str, Any]) -> dict[str, Any]:
    prefix = Path(request["prefix"])
    await rattler_install(
        [record(package) for package in request["packages"]],
        target_prefix=prefix,
        cache_dir=request["packageCache"],
        installed_packages=[],
        platform=Subdir(request["platform"]),
        execute_link_scripts=False,
        client=make_client(request["token"]),
        reporter=Reporter(request["packages"]),
        alternative_target_prefix=request["targetPrefix"],
    )
    for package in request["packages"]:
        complete(prefix, package)
    # rattler marks the folder as a cache, which backups leave out; an environment is none.
    (prefix / "CACHEDIR.TAG").unlink(missing_ok=True)
    return {"event": "installed"}


def record(package: dict[str, Any]) -> RepoDataRecord:
    md5 = package["md5"]
    described = PackageRecord(
        name=package["name"],
        version=package["version"],
        build=BuildString.new_unchecked(package["build"]),
        build_number=package["buildNumber"],
        subdir=package["subdir"],
        depends=package["depends"],
        constrains=package["constrains"],
        sha256=bytes.fromhex(package["sha256"]),
        md5=bytes.fromhex(md5) if md5 else None,
        size=package["sizeBytes"],
        license=package["license"],
        python_site_packages_path=site_packages(package),
    )
    return RepoDataRecord(described, package["fileName"], package["url"], Channel(package["channel"]).base_url)


def site_packages(package: dict[str, Any]) -> str | None:
    """Where noarch packages go; rattler knows it but for a free-threaded python, whose build string says so."""
    match = FREE_THREADED.search(package["build"]) if package["name"] == "python" else None
    return f"lib/python{match['major']}.{match['minor']}t/site-packages" if match else None


def complete(prefix: Path, package: dict[str, Any]) -> None:
    """Adds to a package's record what only the package itself tells."""
    path = prefix / "conda-meta" / f"{package['name']}-{package['version']}-{package['build']}.json"
    installed = json.loads(path.read_text())
    index = json.loads((Path(installed["extracted_package_dir"]) / "info" / "index.json").read_text())
    added = {key: index[key] for key in FROM_INDEX if index.get(key) and not installed.get(key)}
    temporary = path.with_suffix(".json.new")
    temporary.write_text(json.dumps(installed | added, indent=2, ensure_ascii=False))
    temporary.replace(path)
