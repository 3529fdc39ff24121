"""Measure builds side by side: naive script, ours, reading only, writing unchecked; write table and plot.

    python benchmarks/run.py --work FOLDER              # everything; hours, and 10 GB in FOLDER
    python benchmarks/run.py --work FOLDER --sizes 1000 --repeats 1    # a quick look

Contenders take turns, so that whatever else the machine does hits all of them. Per run: wall time, user and system
time of all its processes, the largest memory of a process (resident, of the first and of the workers). Figures are
medians; ratios are of user and system time where both work in one process, else of wall time. What is generated in
FOLDER is deleted at the end. Needs the extra `bench`. Writes results.json, README.md and seconds.svg to
benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results"
MIB = 1 << 20
LOOKS_EVERY = 0.2
"""Seconds between two looks at the processes: each look takes milliseconds of a core that may be wanted."""

Command = Callable[[Path, Path], list[str]]


def ours(jobs: int, *options: str) -> Command:
    return lambda corpus, out: [
        "scripts/build.py", "--corpus", str(corpus), "--out", str(out), "--jobs", str(jobs), *options
    ]  # fmt: skip


CONTENDERS: dict[str, tuple[str, Command]] = {
    "naive": ("(a) naive script", lambda corpus, out: ["benchmarks/naive.py", str(corpus), str(out)]),
    "ours-1": ("(b) validate and build, one process", ours(1, "--configs", "articles")),
    "ours-2": ("(b) validate and build, two processes", ours(2, "--configs", "articles")),
    "validate-1": (
        "(b) validate only, one process",
        lambda corpus, out: ["-m", "wirecopy.cli", "validate", str(corpus)],
    ),
    "validate-2": (
        "(b) validate only, two processes",
        lambda corpus, out: ["-m", "wirecopy.cli", "validate", "--jobs", "2", str(corpus)],
    ),
    "all-configs-2": ("(b) validate and build all configs, two processes", ours(2)),
    "bytes": ("(c) read the bytes", lambda corpus, out: ["benchmarks/floor.py", "bytes", str(corpus), str(out)]),
    "write": ("(d) parse and write", lambda corpus, out: ["benchmarks/floor.py", "write", str(corpus), str(out)]),
    "columns": (
        "(d) read as columns and write",
        lambda corpus, out: ["benchmarks/floor.py", "columns", str(corpus), str(out)],
    ),
}


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    earlier = options.results / "results.json"
    measured = json.loads(earlier.read_text(encoding="utf-8"))["runs"] if options.add else []
    for size, form in [(size, form) for size in options.sizes for form in options.forms]:
        if form == "files" and size > options.files_most:
            continue
        corpus = options.work / f"{form}-{size}"
        if not corpus.exists():
            note(f"generating {size:,} articles as {form}")
            jobs = str(os.cpu_count())
            python("benchmarks/generate.py", str(size), str(corpus), "--form", form, "--jobs", jobs)
        measured += turns(corpus, size, form, options)
        if not options.keep:
            shutil.rmtree(corpus)
        write_results(measured, options.results)
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="a folder with room for the corpora")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 20_000, 200_000])
    parser.add_argument("--forms", nargs="+", choices=("files", "lines", "compressed"), default=["lines", "files"])
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--once-from", type=int, default=200_000, help="size from which everything runs once")
    parser.add_argument("--naive-most", type=int, default=20_000, help="largest size for the naive script")
    parser.add_argument("--naive-repeats", type=int, default=3, help="runs of the naive script over 1,000 articles")
    parser.add_argument("--all-configs-most", type=int, default=1_000, help="largest size for all configs")
    parser.add_argument("--files-most", type=int, default=20_000, help="largest size for single files")
    parser.add_argument("--add", action="store_true", help="add to the results that are there")
    parser.add_argument("--keep", action="store_true", help="leave the corpora in place")
    parser.add_argument("--results", type=Path, default=RESULTS)
    return parser.parse_args(arguments)


def turns(corpus: Path, size: int, form: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The runs of all contenders on one corpus, in turns."""
    for turn in range(options.repeats):
        for name in options.contenders:
            if turn < n_repeats(name, size, options):
                _, command = CONTENDERS[name]
                with tempfile.TemporaryDirectory(dir=options.work) as out:
                    figures = measure(command(corpus, Path(out)))
                note(f"{form} {size:,} {name}: {figures}")
                yield {"articles": size, "form": form, "contender": name, **figures}


def n_repeats(name: str, size: int, options: argparse.Namespace) -> int:
    most = {"naive": options.naive_most, "all-configs-2": options.all_configs_most}.get(name, size)
    if size > most:
        return 0
    if size >= options.once_from:
        return 1
    return options.naive_repeats if name == "naive" and size > 1_000 else options.repeats


def measure(command: list[str]) -> dict[str, Any]:
    """Run a command with this Python, and watch its processes."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL)
    watched = Watch(process.pid)
    while process.poll() is None:
        watched.look()
        time.sleep(LOOKS_EVERY)
    wall = time.perf_counter() - begun
    if process.returncode:
        raise SystemExit(f"{command}: exit status {process.returncode}")
    return {
        "wall_s": round(wall, 2),
        "cpu_s": round(sum(watched.seconds.values()), 2),
        "peak_mib": round(watched.peak.pop(process.pid) / MIB),
        "worker_peak_mib": round(max(watched.peak.values(), default=0) / MIB),
    }


class Watch:
    """The seconds and the largest memory of a process and all that it starts, as of the latest look."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.seconds: dict[int, float] = {}
        self.peak: dict[int, int] = {}

    def look(self) -> None:
        try:
            first = psutil.Process(self.pid)
            processes = [first, *first.children(recursive=True)]
        except psutil.Error:
            return
        for process in processes:
            try:
                times, memory = process.cpu_times(), peak_memory(process)
            except (psutil.Error, OSError):
                continue
            self.seconds[process.pid] = times.user + times.system
            self.peak[process.pid] = max(self.peak.get(process.pid, 0), memory)


def peak_memory(process: psutil.Process) -> int:
    """The largest resident size so far, where the system keeps it, else the present one."""
    status = Path(f"/proc/{process.pid}/status")
    fields = status.read_text(encoding="utf-8").split() if status.exists() else []
    return int(fields[fields.index("VmHWM:") + 1]) << 10 if "VmHWM:" in fields else process.memory_info().rss


def python(*command: str) -> None:
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


def note(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


# Results


def write_results(measured: list[dict[str, Any]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), "runs": measured}
    (folder / "results.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    rows = medians(sorted(measured, key=lambda run: (run["form"], run["articles"])))
    (folder / "README.md").write_text(report(rows, content["machine"]), encoding="utf-8")
    plot(rows, folder / "seconds.svg")


def machine() -> dict[str, Any]:
    """What the figures hang on, without names of hosts or folders."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    libraries = ("pyarrow", "orjson", "jsonschema", "jsonschema_rs", "numpy", "datasets")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 1024 / MIB),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def medians(measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each corpus and contender."""
    keys = list(dict.fromkeys((m["form"], m["articles"], m["contender"]) for m in measured))
    rows = []
    for form, articles, contender in keys:
        runs = [m for m in measured if (m["form"], m["articles"], m["contender"]) == (form, articles, contender)]
        figures = {
            name: statistics.median(run[name] for run in runs)
            for name in ("wall_s", "cpu_s", "peak_mib", "worker_peak_mib")
        }
        rows.append({"form": form, "articles": articles, "contender": contender, "runs": len(runs), **figures})
    return rows


def report(rows: list[dict[str, Any]], machine: dict[str, Any]) -> str:
    described = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in machine.items())
    lines = [
        "# Results of benchmarks/run.py",
        "",
        "Synthetic articles of about 22 KB (benchmarks/generate.py). Written by benchmarks/run.py, like results.json,",
        "which has every run. The machine was shared: compare ratios, not seconds; user and system time (CPU) is",
        "disturbed less than wall time. Memory is the largest resident size of the first process and of a worker.",
        "",
        f"Machine: {described}.",
        "",
        "![seconds and memory against articles](seconds.svg)",
    ]
    for form, articles in dict.fromkeys((row["form"], row["articles"]) for row in rows):
        here = [row for row in rows if (row["form"], row["articles"]) == (form, articles)]
        lines += ["", f"## {articles:,} articles as {form}", "", *table(here)]
    return "\n".join(lines) + "\n"


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    by_name = {row["contender"]: row for row in rows}
    heads = ("", "wall s", "CPU s", "µs CPU an article", "MiB", "MiB a worker")
    heads += ("naive ÷ this, wall (CPU)", "this ÷ (d), CPU", "runs")
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        naive, write = by_name.get("naive"), by_name.get("write")
        faster = f"{naive['wall_s'] / row['wall_s']:.1f} ({naive['cpu_s'] / row['cpu_s']:.1f})" if naive else "–"
        above = f"{row['cpu_s'] / write['cpu_s']:.2f}" if write else "–"
        each = 1e6 * row["cpu_s"] / row["articles"]
        worker = f"{row['worker_peak_mib']:.0f}" if row["contender"].endswith("-2") else "–"
        yield (
            f"| {CONTENDERS[row['contender']][0]} | {row['wall_s']:.2f} | {row['cpu_s']:.2f} | {each:,.0f} "
            f"| {row['peak_mib']:.0f} | {worker} | {faster} | {above} | {row['runs']} |"
        )


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "wirecopy"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.5))
    lines = [row for row in rows if row["form"] == "lines"]
    for name, (label, _) in CONTENDERS.items():
        mine = sorted((row for row in lines if row["contender"] == name), key=lambda row: row["articles"])
        articles = [row["articles"] for row in mine]
        for axis, figure_name in zip(axes, ("wall_s", "peak_mib"), strict=True):
            axis.plot(
                articles,
                [max(row[figure_name], row.get("worker_" + figure_name, 0)) for row in mine],
                "o-",
                label=label,
            )
    for axis, title in zip(axes, ("seconds (wall)", "MiB of the largest process"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel="articles (JSON Lines)", title=title)
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
