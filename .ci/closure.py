"""Which requirements no wheel of a folder meets, for one Python on one kind of machine.

    python closure.py wheels 3.13 aarch64 'netapp[ldap]'

pip reads the markers of requirements as of the Python that runs it, whatever --platform says.
Needs packaging; prints a line for each requirement that is not met.
"""

import sys
import zipfile
from collections.abc import Iterable, Iterator
from email.parser import BytesParser
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename


def main(folder: str, python: str, machine: str, *roots: str) -> None:
    wheels, accepted = sorted(Path(folder).glob("*.whl")), frozenset(tags(python, machine))
    place = environment(python, machine)
    ahead, seen, lacking = [Requirement(root) for root in roots], set[str](), list[str]()
    while ahead:
        requirement = ahead.pop()
        asked = f"{requirement.name}{sorted(requirement.extras)}{requirement.specifier}"
        if asked in seen:
            continue
        seen.add(asked)
        if (wheel := meeting(requirement, wheels, accepted)) is None:
            lacking.append(f"{requirement.name}{requirement.specifier}")
        else:
            ahead += needs(wheel, requirement.extras, place)
    print("".join(f"{each}\n" for each in sorted(set(lacking))), end="")


def tags(python: str, machine: str) -> Iterator[Tag]:
    major, minor = map(int, python.split("."))
    platforms = [*(f"manylinux_2_{each}_{machine}" for each in range(28, 4, -1)), f"manylinux2014_{machine}"]
    yield from cpython_tags((major, minor), platforms=platforms)
    yield from compatible_tags((major, minor), f"cp{major}{minor}", platforms)


def environment(python: str, machine: str) -> dict[str, str]:
    """What markers ask for there: PEP 508."""
    there = {key: str(value) for key, value in default_environment().items()}
    full = f"{python}.0"
    return there | {
        "python_version": python,
        "python_full_version": full,
        "implementation_version": full,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_machine": machine,
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
    }


def meeting(requirement: Requirement, wheels: Iterable[Path], accepted: frozenset[Tag]) -> Path | None:
    for wheel in wheels:
        name, version, _, kinds = parse_wheel_filename(wheel.name)
        right = name == canonicalize_name(requirement.name) and not accepted.isdisjoint(kinds)
        if right and requirement.specifier.contains(version, prereleases=True):
            return wheel
    return None


def needs(wheel: Path, extras: Iterable[str], place: dict[str, str]) -> Iterator[Requirement]:
    with zipfile.ZipFile(wheel) as content:
        described = next(each for each in content.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = BytesParser().parsebytes(content.read(described))
    for line in metadata.get_all("Requires-Dist", []):
        requirement = Requirement(line)
        chosen = [{**place, "extra": extra} for extra in ("", *extras)]
        if requirement.marker is None or any(requirement.marker.evaluate(each) for each in chosen):
            yield requirement


if __name__ == "__main__":
    main(*sys.argv[1:])
