"""Two replicas of vLLM, one of which is killed in mid-run and starts again. See README.md.

python3 bench/gpu/vllm_replicas.py --shape qwen2-7b --slots 256 --gpus 0,1        # one GPU each; 0,0 for two on one
python3 bench/gpu/vllm_replicas.py --device cpu --shape tiny
python3 bench/gpu/vllm_replicas.py --device simulated                             # our simulated server instead of vLLM
python3 bench/gpu/vllm_replicas.py --device llamacpp --slots 4                    # llama.cpp's server (xllamacpp), a thread each

The ideal adds up what each replica makes in the time that it is up, kept full by a client of its own: both at the same time, so
that they share the machine as in the run. Where they share one, what the other makes meanwhile is measured alone.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPException

from loads import make_load, totals
from shared import HERE, fetch, save
from vllm_engines import ROOT, SHAPES, Processes, end, engine_options, environment, shaped
from watch import Watch, gauges_of

# Servers that stand in for vLLM; they start at once, but only START_S after a kill.
STAND_INS = ("llamacpp", "simulated")
# A simulated choice is as long as was asked.
KINDS = [{"pattern": "", "reply": "plain", "lengths": {"meanTokens": 9999, "sigma": 0, "capTokens": 9999}}]
START_S = 15
BAR = 0.9
# The kill comes after this part of the time that the run would take, and not before both replicas were full for so long.
KILL_AT = 1 / 4
FULL_S = 3
FULL = 0.9
# Without --seconds a run would take this many times what a start took, so that the replica is back well before the end.
STARTS = 2.5
SECONDS_MIN = 40
# A rate is what ends in the last two thirds of so many seconds.
RATE_S = {"cuda": 30, "cpu": 60, "llamacpp": 30, "simulated": 12}
# More than any of the shapes makes.
SEQUENCES_PER_SLOT_S = {"cuda": 1.5, "cpu": 1.5, "llamacpp": 4, "simulated": 4}
ROWS = 24  # of the printed timeline
SMALL = {"slots": 16, "shrink": 0.5}
LARGE = {"slots": 256, "shrink": 1}


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--shape", choices=SHAPES, default="qwen2-7b")
    p.add_argument("--device", choices=["cuda", "cpu", "llamacpp", "simulated"], default="cuda")
    p.add_argument("--gpus", default="0,1", help="of the two replicas")
    p.add_argument("--slots", type=int, help="of each replica")
    p.add_argument("--seconds", type=float, help=f"that the run would take without a kill; default {STARTS} starts of a replica")
    p.add_argument("--depth", type=float, help="sequences of the load, in slots of both, instead of --seconds")
    p.add_argument("--shrink", type=float)
    p.add_argument("--rounds", type=int, default=1, help="rates and a run with a kill, by turns")
    p.add_argument("--wheels")
    p.add_argument("--memory", type=float, help="share of the GPU's memory; default 0.8, or 0.4 for two on one")
    p.add_argument("--client", default=os.path.join(HERE, "../../dist/bench/gpu/client.js"))
    p.add_argument("--node", default="node")
    p.add_argument("--port", type=int, default=8000)
    p.add_argument("--out", help="file for the numbers, as JSON, a line a round")
    args = p.parse_args()
    is_small = args.shape == "tiny" or args.device in STAND_INS
    for name, value in (SMALL if is_small else LARGE).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    args.gpus = args.gpus.split(",")
    args.shared = args.device in ("cpu", "llamacpp") or (args.device == "cuda" and len(set(args.gpus)) == 1)
    args.memory = args.memory or (0.4 if args.shared else 0.8)
    return args


class Replicas:
    def __init__(self, args, folder, processes):
        self.args, self.folder, self.processes, self.running = args, folder, processes, [None, None]
        if args.device not in STAND_INS:
            model = shaped(folder, args.shape, "writer", processes.env)
            self.options = engine_options("writer", model, args.shape, args.device, args.slots, args.memory)
        self.urls = [f"http://127.0.0.1:{args.port + i}" for i in (0, 1)]

    def start(self, i):
        if self.args.device in STAND_INS:
            command = self.simulated(i) if self.args.device == "simulated" else self.llama(i)
            self.running[i] = self.processes.start(f"replica-{i}", command, stdin=subprocess.PIPE)
            return
        env = {} if self.args.device == "cpu" else {"CUDA_VISIBLE_DEVICES": self.args.gpus[i]}
        self.running[i] = self.processes.serve(f"replica-{i}", self.options, self.args.port + i, "m", env)

    def simulated(self, i):
        command = [self.args.node, os.path.join(HERE, "../../dist/bench/endpoint/server.js")]
        return command + ["--port", str(self.args.port + i), "--slots", str(self.args.slots), "--kinds", json.dumps(KINDS)]

    def llama(self, i):
        script, model = (os.path.join(ROOT, path) for path in ("test/interop/serve.py", "models/tiny.gguf"))
        return [sys.executable, script, model, "", str(self.args.slots), "512", str(self.args.port + i)]

    def up(self, i):
        self.processes.up(f"replica-{i}", self.running[i], self.urls[i])

    def start_all(self):
        """How long the last one took. On one GPU they cannot measure its free memory at the same time."""
        began = time.time()
        for i in (0, 1):
            if self.args.device == "cuda":
                began = time.time()
            self.start(i)
            if self.args.device == "cuda":
                self.up(i)
        for i in (0, 1):
            self.up(i)
        return START_S if self.args.device in STAND_INS else time.time() - began

    def kill(self, i):
        end(self.running[i], signal.SIGKILL)
        self.running[i].wait()

    def restart(self, i):
        if self.args.device in STAND_INS:
            time.sleep(START_S)
        self.start(i)
        self.up(i)

    def client(self, urls, name, jobs, *more):
        path = save(self.folder, f"{name}.json", jobs)
        command = [self.args.node, self.args.client, *(f"--url={url}" for url in urls), f"--load={path}", *more]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.processes.started.append(("client", process))
        return Client(process)


class Client:
    """Its words are read as they come: a pipe that is full would stop it."""

    def __init__(self, process):
        self.process, self.said = process, None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        self.said, _ = self.process.communicate()

    def runs(self):
        return self.process.poll() is None

    def result(self):
        self.reader.join()
        if self.process.returncode != 0:
            raise SystemExit(f"the client ended with {self.process.returncode}")
        return json.loads(self.said)


def tokens_between(result, start, until):
    return sum(tokens for at, tokens, _ in result["ends"] if start < at <= until)


def rates_of(replicas, numbers, seed):
    """Tokens a second of some replicas, each with a client of its own, at the same time."""
    args = replicas.args
    seconds = RATE_S[args.device]
    sequences = round(args.slots * seconds * SEQUENCES_PER_SLOT_S[args.device])
    clients = []
    for i in numbers:
        jobs = make_load("one", sequences, seed + i, args.shrink)
        clients.append(replicas.client([replicas.urls[i]], f"alone-{i}", jobs, f"--seconds={seconds}"))
    found = [client.result() for client in clients]
    for result in found:
        if result["seconds"] < seconds - 1:
            raise SystemExit("the load for a rate was too small: raise SEQUENCES_PER_SLOT_S")
    return [tokens_between(result, seconds / 3, seconds) * 1.5 / seconds for result in found]


def gauges_at(url):
    """Running and waiting now; nothing where the page does not answer."""
    try:
        return gauges_of(fetch(f"{url}/metrics", timeout_s=5))
    except (OSError, HTTPException):
        return 0, 0


def wait_until_full(replicas, client):
    """Until both pages have shown full servers for FULL_S. When that began; None if the client ended before."""
    since = None
    while client.runs():
        full = all(gauges_at(url)[0] >= FULL * replicas.args.slots for url in replicas.urls)
        since = (since or time.time()) if full else None
        if since and time.time() - since >= FULL_S:
            return since
        time.sleep(0.1)
    return None


def strike(replicas, client, kill_at_s):
    """Kills the second replica when both have been full, and starts it again at once. Times of time.time()."""
    full = wait_until_full(replicas, client)
    if full is None:
        raise SystemExit(f"the run ended before both replicas had been full for {FULL_S} s: give more --seconds")
    time.sleep(max(0, full + kill_at_s - time.time()))
    if not client.runs():
        raise SystemExit("the run ended before the kill: give more --seconds")
    running = [gauges_at(url) for url in replicas.urls]
    killed = time.time()
    replicas.kill(1)
    print(f"killed {killed - full:.1f} s after both were full; then running and waiting: {running[0]} and {running[1]}", flush=True)
    replicas.restart(1)
    return {"full": full, "killed": killed, "up": time.time()}


def killed_run(replicas, jobs, kill_at_s):
    # A page may be older than the end of the runs before.
    time.sleep(2)
    watches = [Watch(url, smi_s=0) for url in replicas.urls]
    client = replicas.client(replicas.urls, "killed", jobs)
    times = strike(replicas, client, kill_at_s)
    result = client.result()
    for watch in watches:
        watch.close()
    return result, times, watches


def busy_of(watch, slots, spans):
    """Slots that ran of all slots, as the page says."""
    seen = [min(running, slots) / slots for start, until in spans for running, _ in watch.gauges_between(start, until)]
    return sum(seen) / len(seen) if seen else float("nan")


def timeline(result, watches):
    """A line for every few seconds: what our client knows of each replica, and what its page says."""
    step = max(0.5, result["seconds"] / ROWS)
    head = ["state", "limit", "sent", "run", "wait", "tokens/s"]
    print("     s  " + "   ".join(f"{i}: {' '.join(f'{name:>8}' for name in head)}" for i in (0, 1)))
    samples = [(at, replicas) for at, replicas in result["replicas"] if replicas]
    before = samples[0]
    for at, replicas in samples:
        if at - before[0] < step and at < samples[-1][0]:
            continue
        cells = []
        for i, (now, then) in enumerate(zip(replicas, before[1])):
            wall = result["startedAt"] + at
            pages = watches[i].gauges_between(wall - 0.5, wall + 0.05)
            running, waiting = pages[-1] if pages else ("–", "–")
            rate = (now["completionTokens"] - then["completionTokens"]) / max(0.01, at - before[0])
            cells.append([now["state"], now["limit"], now["outstanding"], running, waiting, round(rate)])
        print(f"{at:6.1f}  " + "   ".join("   " + " ".join(f"{cell!s:>8}" for cell in row) for row in cells))
        before = (at, replicas)


def judged(args, jobs, result, times, watches, rates, solo):
    started, seconds = result["startedAt"], result["seconds"]
    at = {name: time_ - started for name, time_ in times.items()}
    down = min(at["up"], seconds) - at["killed"]
    ideal = sum(rates) * (seconds - down) + solo * down
    made, expected = tokens_between(result, -1, seconds), totals(jobs)["tokens"]
    # From here on slots stand empty for want of calls.
    ends = sorted(result["ends"])
    drain = ends[max(0, len(ends) - 2 * args.slots)][0]
    spans = [[(started, started + drain)], [(started, times["killed"]), (times["up"], started + drain)]]
    sent = [sum(each) for each in zip(*([one["requests"], one["failures"]] for one in result["replicas"][-1][1]))]
    return {
        **{f"{name}AtS": value for name, value in at.items()},
        **{"seconds": seconds, "downS": down, "cameBack": at["up"] < seconds, "drainAtS": drain},
        **{"tokens": made, "tokensMissing": expected - made, "lost": len(jobs) - len(result["ends"])},
        **{"sent": sent[0], "cut": sent[1], "retries": result["retries"], "failures": result["failures"]},
        "ratio": made / ideal,
        "busy": [busy_of(watch, args.slots, some) for watch, some in zip(watches, spans)],
        "cpuMsARequest": 1000 * result["cpuSeconds"] / len(jobs),
    }


def told(jobs, found):
    holds = lambda what: "holds" if what else "does not hold"  # noqa: E731
    lost_none = found["lost"] == 0 and found["tokensMissing"] == 0
    print(f"{len(jobs)} requests in {found['seconds']:.1f} s, {found['tokens'] / found['seconds']:.0f} tokens/s")
    print(f"down from {found['killedAtS']:.1f} to {found['upAtS']:.1f} s, back before the end: {found['cameBack']}")
    print(f"sent {found['sent']} times, {found['cut']} of them cut or refused; waits {found['retries']}, failures {found['failures']}")
    busy = " and ".join(f"{share:.3f}" for share in found["busy"])
    print(f"slots busy while calls wait and the replica is up: {busy}")
    print(f"rows lost: {found['lost']}, tokens missing: {found['tokensMissing']}: {holds(lost_none)}")
    print(f"of the ideal sum: {found['ratio']:.3f}, at least {BAR}: {holds(found['ratio'] >= BAR)}", flush=True)
    if not found["cameBack"]:
        print("the replica was not back before the end, so the run says nothing of its return: give more --seconds")


def jobs_of(args, seconds, rates, seed):
    few = make_load("one", 1000, seed, args.shrink)
    tokens = totals(few)["tokens"] / len(few)
    sequences = args.depth * args.slots * 2 if args.depth else seconds * sum(rates) / tokens
    return make_load("one", round(sequences), seed, args.shrink)


def run_round(replicas, args, start_s, number):
    rates = rates_of(replicas, (0, 1), 1000 * number)
    solo = rates_of(replicas, (0,), 1000 * number + 10)[0] if args.shared else rates[0]
    alone = f"; the first alone {solo:.0f}" if args.shared else ""
    print(f"round {number}: {rates[0]:.0f} and {rates[1]:.0f} tokens/s at the same time{alone}", flush=True)
    seconds = args.seconds or max(SECONDS_MIN, STARTS * start_s)
    jobs = jobs_of(args, seconds, rates, 1000 * number + 20)
    seconds = totals(jobs)["tokens"] / sum(rates)
    result, times, watches = killed_run(replicas, jobs, KILL_AT * seconds)
    found = judged(args, jobs, result, times, watches, rates, solo)
    timeline(result, watches)
    told(jobs, found)
    if args.out:
        pages = [watch.gauges for watch in watches]
        kept = {name: result[name] for name in ("startedAt", "inFlight", "replicas", "ends")}
        with open(args.out, "a") as file:
            file.write(json.dumps({"rates": rates, "solo": solo, "startS": start_s, **found, "pages": pages, **kept}) + "\n")
    return found


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(folder, environment(args.device, args.wheels, folder))
        try:
            replicas = Replicas(args, folder, processes)
            start_s = replicas.start_all()
            print(f"a start takes {start_s:.0f} s", flush=True)
            ratios = [run_round(replicas, args, start_s, number)["ratio"] for number in range(args.rounds)]
        finally:
            processes.close()
    if len(ratios) > 1:
        print("of the ideal sum, each round: " + ", ".join(f"{ratio:.3f}" for ratio in ratios))


if __name__ == "__main__":
    main()
