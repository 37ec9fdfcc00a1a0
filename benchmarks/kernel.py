"""What the kernel knows of a process, its threads and its children."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def family(pid: int) -> list[int]:
    """Process and everything that it has started and that still runs."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def cpu_nanoseconds(pid: int) -> int:
    """Nanoseconds that the threads of a family have run, as the scheduler has counted them."""
    spent = 0
    for member in family(pid):
        for task in Path(f"/proc/{member}/task").glob("*/schedstat"):
            with suppress(OSError):
                spent += int(task.read_text().split()[0])
    return spent


def proportional_mb(pid: int) -> float:
    """Megabytes of memory that a family holds, what is shared with others divided among them."""
    held = 0
    for member in family(pid):
        with suppress(OSError):
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
            held += int(rollup.partition("\nPss:")[2].split()[0] or 0)
    return held * 1024 / 1e6


def resident_mb(pid: int) -> float:
    """Megabytes of memory that a family holds."""
    held = 0
    for member in family(pid):
        with suppress(OSError):
            status = Path(f"/proc/{member}/status").read_text()
            held += int(status.partition("VmRSS:")[2].split()[0] or 0)
    return held * 1024 / 1e6


def machine() -> dict[str, str]:
    """Describe it, without its name."""
    cpu = Path("/proc/cpuinfo").read_text()
    model = cpu.partition("model name\t: ")[2].partition("\n")[0]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) * 1024 / 1e9
    release = Path("/proc/sys/kernel/osrelease").read_text().partition("-")[0].strip()
    return {
        "cores": str(cpu.count("processor\t:")),
        "cpu": model,
        "memory": f"{memory:.0f} GB",
        "kernel": f"Linux {release}",
    }
