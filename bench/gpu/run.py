"""One load, three ways, several times by turns: the engine alone, a plain client told the best concurrency, our client.

Starts server.py, warms it up, tries the plain client's concurrencies, measures, and prints a table.
"""

import argparse
import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from loads import completion, totals
from shared import HERE, fetch, output_of, save, wait_until_up
from watch import Watch

POLL_S = 0.5



def make_load(count, seed):
    rng = random.Random(seed)

    def job():
        prompt = " ".join(str(rng.randrange(150_000)) for _ in range(rng.randint(96, 160)))
        return completion(prompt, 1, rng.randint(64, 256), None)

    return [job() for _ in range(count)]


def cpu_seconds(pid):
    """Of a process and its threads, by Linux's /proc."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def middle_rate(ends):
    """Tokens a second between the ends of the first and the last quarter of the requests: without ramp and drain."""
    ends = sorted(ends)
    low, high = len(ends) // 4, 3 * len(ends) // 4
    return sum(tokens for _, tokens, *_ in ends[low:high]) / (ends[high][0] - ends[low][0])


class Bench:
    def __init__(self, args, server, watch, url):
        self.args = args
        self.server = server
        self.watch = watch
        self.url = url
        self.results = []

    def measure(self, mode, jobs, call, note=""):
        expected = totals(jobs)["tokens"]
        server_cpu = cpu_seconds(self.server.pid)
        start = time.time()
        result = call()
        end = time.time()
        made = sum(tokens for _, tokens, *_ in result["ends"])
        assert made == expected, f"{mode}: {made} tokens, expected {expected}"
        ends = result.pop("ends")
        row = {
            "mode": mode,
            "note": note,
            "requests": len(jobs),
            "tokens": made,
            "rate": made / result["seconds"],
            "middleRate": middle_rate(ends),
            "serverCpu": (cpu_seconds(self.server.pid) - server_cpu) / result["seconds"],
            **result,
            **self.between(start, end),
        }
        self.results.append(row)
        client_cpu = (
            f", client CPU {row['cpuSeconds'] / len(jobs) * 1e3:.2f} ms/request"
            if "cpuSeconds" in row
            else ""
        )
        busy = f", GPU {row['gpuBusy']:.0f} % {row['gpuWatts']:.0f} W" if row["gpuBusy"] is not None else ""
        running = (
            f", running {row['runningMean']:.0f}, waiting {row['waitingMean']:.0f}" if row["runningMean"] is not None else ""
        )
        print(
            f"{mode:6} {note:12} {row['seconds']:6.2f} s  {row['rate']:7.0f} tok/s  "
            f"middle {row['middleRate']:7.0f}{running}{busy}, server CPU {row['serverCpu']:.2f}{client_cpu}",
            flush=True,
        )
        return row

    def between(self, start, end):
        gauges = self.watch.gauges_between(start, end)
        running, waiting = zip(*gauges) if gauges else ((), ())
        means = {"runningMean": running, "waitingMean": waiting}
        means = {name: statistics.mean(values) if values else None for name, values in means.items()}
        return {**means, **self.watch.gpu_between(start, end)}

    def engine(self, jobs, note=""):
        self.measure("engine", jobs, lambda: json.loads(fetch(f"{self.url}/engine", {"jobs": [job["body"] for job in jobs]})), note)

    def plain(self, jobs, load, concurrency):
        command = [sys.executable, f"{HERE}/plain_client.py", "--url", self.url, "--load", load]
        command += ["--concurrency", str(concurrency)]
        return self.measure("plain", jobs, lambda: output_of(command), str(concurrency))

    def ours(self, jobs, load, options, note=""):
        command = [*shlex.split(self.args.client), f"--url={self.url}", f"--load={load}"]
        if options:
            command.append(f"--options={options}")
        return self.measure("ours", jobs, lambda: output_of(command), note)


def run(args, bench, folder):
    jobs = make_load(args.requests, 1)
    load = save(folder, "load.json", jobs)
    short = jobs[: args.requests // 2]
    short_load = save(folder, "short.json", short)
    for _ in range(2):
        bench.engine(short, "warm-up")
    bench.plain(short, short_load, args.concurrencies[0])
    sweep = [bench.plain(short, short_load, concurrency) for concurrency in args.concurrencies]
    best = int(max(sweep, key=lambda row: row["rate"])["note"])
    print(f"measured, by turns; the plain client's concurrency is {best}", flush=True)
    first = len(bench.results)
    for _ in range(args.repetitions):
        bench.engine(jobs)
        bench.plain(jobs, load, best)
        bench.ours(jobs, load, args.options)
    if args.declared:
        bench.ours(jobs, load, json.dumps({"slots": args.slots}), "declared")
    rows = bench.results[first:]
    print("\n| | tokens/s, each run | median | middle half | GPU busy |\n|---|---|---|---|---|")
    for mode in ("engine", "plain", "ours"):
        own = [row for row in rows if row["mode"] == mode and row["note"] != "declared"]
        rates = [row["rate"] for row in own]
        busy = [row["gpuBusy"] for row in own if row["gpuBusy"] is not None]
        print(
            f"| {mode} | {', '.join(f'{rate:.0f}' for rate in rates)} | {statistics.median(rates):.0f} "
            f"| {statistics.median(row['middleRate'] for row in own):.0f} "
            f"| {f'{statistics.mean(busy):.0f} %' if busy else '–'} |"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--client", default="node dist/bench/gpu/client.js")
    parser.add_argument(
        "--options", default="", help="options of our backend, as JSON; none in the published run"
    )
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument(
        "--concurrencies", type=lambda text: [int(part) for part in text.split(",")], default=[256, 288, 512]
    )
    parser.add_argument("--declared", action="store_true", help="once more with our client told the slots")
    parser.add_argument("--slots", type=int, default=256)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--server", default="", help="more arguments for server.py")
    parser.add_argument("--out", default="", help="file for all numbers, as JSON")
    args = parser.parse_args()
    url = f"http://127.0.0.1:{args.port}"
    command = [sys.executable, f"{HERE}/server.py", f"--slots={args.slots}", f"--port={args.port}"]
    server = subprocess.Popen([*command, *shlex.split(args.server)])
    watch = None
    bench = None
    try:
        wait_until_up(url, server)
        watch = Watch(url, POLL_S)
        bench = Bench(args, server, watch, url)
        with tempfile.TemporaryDirectory() as folder:
            run(args, bench, folder)
    finally:
        if bench and args.out:
            with open(args.out, "w") as file:
                json.dump(bench.results, file)
        if watch:
            watch.close()
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()


if __name__ == "__main__":
    main()
