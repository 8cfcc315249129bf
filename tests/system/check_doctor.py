"""Holds what `doctor --json` read against what this system's own tools say now; for a machine that nobody looks at.

    python tests/system/check_doctor.py doctor.json

One line for each number; exit code 1 where one is further off than its room allows. Memory moves between the two, so
that what is available has more room than what is built in.
"""

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

MIB = 2**20
SAME = 0
SOON = 512 * MIB
"""What programs come to use and give back within a minute on a machine that does nothing else."""


class Check(NamedTuple):
    """`room`: how far apart the two may be, in their own unit."""

    name: str
    ours: float | None
    theirs: float | None
    room: float


def said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", errors="replace").stdout


def linux() -> dict[str, float]:
    """`free` of procps, in bytes."""
    rows = {line.split()[0].rstrip(":"): line.split()[1:] for line in said("free", "-b").splitlines()[1:]}
    return {"total": float(rows["Mem"][0]), "available": float(rows["Mem"][5]), "swap": float(rows["Swap"][1])}


def macos() -> dict[str, float]:
    """`sysctl` and `vm_stat`. Available: all but what Activity Monitor calls used (app memory, wired, compressed)."""
    total = float(said("sysctl", "-n", "hw.memsize"))
    text = said("vm_stat")
    page = float(re.search(r"page size of (\d+)", text)[1])  # type: ignore[index]
    pages = {name: float(count) for name, count in re.findall(r'^"?([^":]+)"?:\s+(\d+)\.', text, re.MULTILINE)}
    used = pages["Anonymous pages"] - pages["Pages purgeable"]
    used += pages["Pages wired down"] + pages["Pages occupied by compressor"]
    swap = float(re.search(r"used = ([\d.]+)M", said("sysctl", "-n", "vm.swapusage"))[1]) * MIB  # type: ignore[index]
    level = {"1": 0.0, "2": 1.0, "4": 2.0}[said("sysctl", "-n", "kern.memorystatus_vm_pressure_level").strip()]
    return {"total": total, "available": total - used * page, "swap": swap, "pressure": level}


def windows() -> dict[str, float]:
    """The operating system's object of CIM, in KiB there."""
    fields = "TotalVisibleMemorySize, FreePhysicalMemory"
    command = f"Get-CimInstance Win32_OperatingSystem | Select-Object {fields} | ConvertTo-Json"
    found = json.loads(said("powershell", "-NoProfile", "-Command", command))
    return {"total": found["TotalVisibleMemorySize"] * 1024.0, "available": found["FreePhysicalMemory"] * 1024.0}


def sources(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Source -> its value; a source that said nothing is not in it."""
    return {one["name"]: one["value"] for one in document["sources"] if one["state"] == "works" and one["value"]}


def checks(document: dict[str, Any], theirs: dict[str, float]) -> Iterator[Check]:
    memory = sources(document).get("memory", {})
    yield Check("memory, total", memory.get("total_bytes"), theirs["total"], SAME)
    yield Check("memory, available", memory.get("available_bytes"), theirs["available"], SOON)
    if "swap" in theirs:
        yield Check("swap, used", memory.get("swap_used_bytes"), theirs["swap"], SOON)
    if "pressure" in theirs:
        steps = {"normal": 0.0, "warning": 1.0, "critical": 2.0}
        yield Check("memory pressure, 0 to 2", steps.get(memory.get("pressure", "")), theirs["pressure"], SAME)


def off(check: Check) -> bool:
    """A number that one side lacks is off, too."""
    return check.ours is None or check.theirs is None or abs(check.ours - check.theirs) > check.room


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__)
        return 2
    document = json.loads(Path(arguments[0]).read_text("utf-8"))
    system = {"Linux": linux, "Darwin": macos, "Windows": windows}[platform.system()]
    found = list(checks(document, system()))
    for check in found:
        print(f"{'OFF' if off(check) else 'ok ':3}  {check.name}: {check.ours} here, {check.theirs} there")
    return 1 if any(map(off, found)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
