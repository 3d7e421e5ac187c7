"""Solving, and finding out why it could not be done."""

import difflib
import re
from typing import Any

from client import make_client
from rattler import (
    Channel,
    Gateway,
    GenericVirtualPackage,
    MatchSpec,
    PackageName,
    RepoDataRecord,
    Version,
    solve as rattler_solve,
)
from rattler.exceptions import InvalidMatchSpecError, SolverError
from rattler.package import BuildString

VERSIONS_MAX = 12
SIMILAR_NAMES_MAX = 3
# "No candidates were found for NAME VERSION." and "… NAME VERSION, for which no candidates were found."
MISSING = re.compile(
    r"No candidates were found for (?P<asked>.+)\.$|(?P<needed>[^\s│├└─].*), for which no candidates were found",
    re.MULTILINE,
)
BUILD_STRING_NEVER = re.compile(r"[\s<>=!,;@]")


async def solve(request: dict[str, Any]) -> dict[str, Any]:
    gateway = Gateway(cache_dir=request["indexCache"], client=make_client(request["token"]))
    channels = [Channel(address) for address in request["channels"]]
    platforms = [request["platform"], "noarch"]
    try:
        specs = [parse_spec(text) for text in request["specs"]]
        records = await rattler_solve(
            channels,
            specs,
            gateway=gateway,
            platforms=platforms,
            virtual_packages=[virtual_package(*item) for item in virtual_packages(request).items()],
            channel_relations="disabled",
            add_pip_as_python_dependency=await has_pip(gateway, channels, platforms),
        )
    except InvalidMatchSpecError as error:
        return {"event": "failed", "kind": "InvalidMatchSpecError", "text": str(error)}
    except SolverError as error:
        text = str(error)
        missing = [await look_up(gateway, channels, platforms, *item) for item in missing_requirements(text)]
        return {"event": "failed", "kind": "SolverError", "text": text, "missing": missing}
    packages = [describe(record) for record in records]
    for package in packages:
        if package["name"] == "python":
            package["depends"] = await true_depends(gateway, channels, platforms, package["url"])
    return {"event": "solved", "packages": packages}


def parse_spec(text: str) -> MatchSpec:
    try:
        spec = MatchSpec(text, strict=False)
    except InvalidMatchSpecError as error:
        raise InvalidMatchSpecError(f"{text}: {error}") from None
    # The lenient reading takes whatever follows the version for a build string.
    if spec.build is not None and BUILD_STRING_NEVER.search(str(spec.build)):
        raise InvalidMatchSpecError(f"{text}: {str(spec.build)!r} is no build string")
    return spec


def virtual_packages(request: dict[str, Any]) -> dict[str, str]:
    """What was asked for, and what a platform is by definition."""
    system = request["platform"].split("-")[0]
    implied = {"linux": ["__unix"], "osx": ["__unix"], "win": ["__win"]}.get(system, [])
    return dict.fromkeys(implied, "0") | request["virtualPackages"]


def virtual_package(name: str, value: str) -> GenericVirtualPackage:
    # For the processor's kind the name is in the build string: `__archspec=1=x86_64_v3`.
    version, build = ("1", value) if name == "__archspec" else (value, "0")
    return GenericVirtualPackage(PackageName(name), Version(version), BuildString.new_unchecked(build))


async def has_pip(gateway: Gateway, channels: list[Channel], platforms: list[str]) -> bool:
    """As conda and mamba do, python brings pip along; in a channel without pip python would be unsolvable."""
    found = await gateway.query(channels, platforms, ["pip"], recursive=False, channel_relations="disabled")
    return any(found)


async def true_depends(gateway: Gateway, channels: list[Channel], platforms: list[str], url: str) -> list[str]:
    """What python's record in the index says: in the solution it also has the pip that was added for the solve."""
    answers = await gateway.query(channels, platforms, ["python"], recursive=False, channel_relations="disabled")
    return next(list(record.depends) for answer in answers for record in answer if record.url == url)


def describe(record: RepoDataRecord) -> dict[str, Any]:
    name = record.name.normalized
    return {
        "name": name,
        "version": str(record.version),
        "build": str(record.build),
        "buildNumber": record.build_number,
        "subdir": record.subdir,
        "fileName": record.file_name,
        "url": record.url,
        "sha256": record.sha256.hex() if record.sha256 else None,
        "md5": record.md5.hex() if record.md5 else None,
        "sizeBytes": record.size or 0,
        "depends": list(record.depends),
        "constrains": list(record.constrains),
        "license": record.license,
        "timestamp": round(record.timestamp.timestamp() * 1000) if record.timestamp else None,
    }


def missing_requirements(text: str) -> list[tuple[str, bool]]:
    """Every requirement that nothing fulfils, with whether it was asked for by the user himself."""
    found: dict[str, bool] = {}
    for match in MISSING.finditer(text):
        requirement = (match["asked"] or match["needed"]).strip()
        found.setdefault(requirement, match["asked"] is not None)
    return list(found.items())


async def look_up(
    gateway: Gateway, channels: list[Channel], platforms: list[str], requirement: str, asked: bool
) -> dict[str, Any]:
    """What the channels do have of a package: its versions, or names that look like it."""
    name = requirement.split()[0].split("[")[0]
    found: dict[str, Any] = {
        "requirement": requirement.removesuffix(" *"),
        "name": name,
        "asked": asked,
        "fulfillable": False,
        "versions": [],
        "similar": [],
    }
    if name.startswith("__"):
        return found
    answers = await gateway.query(channels, platforms, [name], recursive=False, channel_relations="disabled")
    records = [record for answer in answers for record in answer]
    try:
        spec = MatchSpec(requirement, strict=False)
        found["fulfillable"] = any(record.matches(spec) for record in records)
    except InvalidMatchSpecError:
        # The solver's own rendering of an unusual requirement; not knowing costs a hint only.
        pass
    versions = sorted({record.version for record in records})
    found["versions"] = [str(version) for version in versions[-VERSIONS_MAX:]]
    if not records:
        names = await gateway.names(channels, platforms, channel_relations="disabled")
        found["similar"] = difflib.get_close_matches(name, [one.normalized for one in names], SIMILAR_NAMES_MAX, 0.75)
    return found
