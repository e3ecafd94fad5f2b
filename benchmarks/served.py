"""Commands at a server's socket beside Python importing the two libraries that every command needs.

`python benchmarks/served.py`: ratios of whole processes in one run, in turn; eight nurses at once; memory.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PYTHON = sys.executable
PROGRAM = str(Path(PYTHON).with_name("testing-tracker"))
DAY = "2026-11-16"
TIMES, NURSES, LINES = 15, 8, 5


def seconds(command: list[str], **variables: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **variables})
    return time.perf_counter() - began


def shared(pid: int) -> int:
    """KiB of a process, pages that are shared counted once over all who share them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database, place = f"{folder}/clinic.db", f"{folder}/s"
        plain = [PROGRAM, "--database", database, "--today", DAY]
        asked = [PROGRAM, "--database", f"unix:{place}", "--today", DAY]
        subprocess.run([*plain, "init", "--training", "--timezone", "UTC"], check=True, capture_output=True)
        people = "".join(f"P{number:03},iop,fixed-2,{DAY}\n" for number in range(200))
        Path(f"{folder}/people.csv").write_text(f"participant,level,schedule,enrolled_on\n{people}")
        subprocess.run([*plain, "participant", "import", f"{folder}/people.csv"], check=True, capture_output=True)
        subprocess.run([*plain, "draw"], check=True, capture_output=True)
        server = subprocess.Popen([*plain, "serve", "--socket", place], stdout=subprocess.PIPE, text=True)
        try:
            while "listening" not in server.stdout.readline():
                pass
            measure(plain, asked, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def measure(plain: list[str], asked: list[str], server: int) -> None:
    codes = (f"P{number:03}" for number in range(200))
    imports = [PYTHON, "-c", "import sqlmodel, click"]
    completed = {"_TESTING_TRACKER_COMPLETE": "bash_complete", "COMP_CWORD": "6"}
    line = " ".join(["testing-tracker", *asked[1:], "result", "P01"])
    what = {
        "due": lambda: seconds([*asked, "due"]),
        "result": lambda: seconds([*asked, "result", next(codes), "negative"]),
        "completion": lambda: seconds([PROGRAM], COMP_WORDS=line, **completed),
        "import sqlmodel, click": lambda: seconds(imports),
        "python": lambda: seconds([PYTHON, "-c", "pass"]),
    }
    for run in what.values():
        run()
    found = {name: [] for name in what}
    for _ in range(TIMES):
        for name, run in what.items():
            found[name].append(run())
    beside = found["import sqlmodel, click"]
    print("by the median and by the best, beside the import:")
    for name, times in found.items():
        middle, best = statistics.median(times), min(times)
        ratios = f"{middle / statistics.median(beside):6.3f}  {best / min(beside):6.3f}"
        print(f"{name:<24}{middle * 1000:8.1f} ms {best * 1000:8.1f} ms  {ratios}")
    rates = {}
    for name, start in (("without", plain), ("through the server", asked)):
        lines = [[*start, "result", next(codes), "negative"] for _ in range(NURSES * (1 if start is plain else LINES))]
        began = time.perf_counter()
        with ThreadPoolExecutor(NURSES) as nurses:
            list(nurses.map(seconds, lines))
        rates[name] = len(lines) / (time.perf_counter() - began)
        print(f"eight nurses, {name:<20}{rates[name]:6.1f} results a second")
    print(f"throughput: {rates['through the server'] / rates['without']:.1f} times")
    idle = shared(server)
    logs = [subprocess.Popen([*asked, "log"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) for _ in range(8)]
    time.sleep(2)
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    together = shared(server) + sum(shared(int(child)) for child in children)
    print(f"memory: server {idle / 1024:.0f} MiB, with its turns and eight sessions of log {together / 1024:.0f} MiB")
    for log in logs:
        log.communicate(b"q\n")


if __name__ == "__main__":
    main()
