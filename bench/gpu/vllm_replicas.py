"""Two replicas of vLLM, one of which is killed in mid-run and starts again. See README.md.

python3 bench/gpu/vllm_replicas.py --shape qwen2-7b --slots 256 --gpus 0,1        # one GPU each; 0,0 for two on one
python3 bench/gpu/vllm_replicas.py --device cpu --shape tiny
python3 bench/gpu/vllm_replicas.py --device simulated                             # our simulated server instead of vLLM

The ideal is what two runs make that have one replica each, at the same time: so that they share the machine as in the run
with the kill, from whose ideal the time is taken off in which the replica was down.
"""

import argparse
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

from loads import make_load, totals
from shared import HERE, fetch, save
from vllm_engines import SHAPES, Processes, end, engine_options, environment, shaped
from watch import gauges_of

KILL_AT = 1 / 3  # of the time that the run would take
# A simulated choice is as long as was asked; a simulated start takes START_S.
KINDS = [{"pattern": "", "reply": "plain", "lengths": {"meanTokens": 9999, "sigma": 0, "capTokens": 9999}}]
START_S = 5
BAR = 0.9
SMALL = {"slots": 16, "depth": 20, "shrink": 0.5}
LARGE = {"slots": 256, "depth": 24, "shrink": 1}


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--shape", choices=SHAPES, default="qwen2-7b")
    p.add_argument("--device", choices=["cuda", "cpu", "simulated"], default="cuda")
    p.add_argument("--gpus", default="0,1", help="of the two replicas")
    p.add_argument("--slots", type=int, help="of each replica")
    p.add_argument("--depth", type=float, help="sequences of the load, in slots of both; the run must outlast a start")
    p.add_argument("--shrink", type=float)
    p.add_argument("--wheels")
    p.add_argument("--memory", type=float, help="share of the GPU's memory; default 0.8, or 0.4 for two on one")
    p.add_argument("--client", default=os.path.join(HERE, "../../dist/bench/gpu/client.js"))
    p.add_argument("--node", default="node")
    p.add_argument("--port", type=int, default=8000)
    p.add_argument("--out", help="file for the numbers, as JSON")
    args = p.parse_args()
    is_small = args.shape == "tiny" or args.device == "simulated"
    for name, value in (SMALL if is_small else LARGE).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    args.gpus = args.gpus.split(",")
    args.memory = args.memory or (0.8 if len(set(args.gpus)) == 2 else 0.4)
    return args


class Replicas:
    def __init__(self, args, folder, processes):
        self.args, self.processes, self.running = args, processes, [None, None]
        if args.device != "simulated":
            model = shaped(folder, args.shape, "writer", processes.env)
            self.options = engine_options("writer", model, args.shape, args.device, args.slots, args.memory)
        self.urls = [f"http://127.0.0.1:{args.port + i}" for i in (0, 1)]

    def start(self, i):
        if self.args.device == "simulated":
            self.running[i] = self.simulate(i)
            return
        env = {} if self.args.device == "cpu" else {"CUDA_VISIBLE_DEVICES": self.args.gpus[i]}
        self.running[i] = self.processes.serve(f"replica-{i}", self.options, self.args.port + i, "m", env)

    def simulate(self, i):
        command = [self.args.node, os.path.join(HERE, "../../dist/bench/endpoint/server.js")]
        command += ["--port", str(self.args.port + i), "--slots", str(self.args.slots), "--kinds", json.dumps(KINDS)]
        return self.processes.start(f"replica-{i}", command, stdin=subprocess.PIPE)

    def up(self, i):
        self.processes.up(f"replica-{i}", self.running[i], self.urls[i])

    def kill(self, i):
        end(self.running[i], signal.SIGKILL)
        self.running[i].wait()

    def client(self, urls, path):
        command = [self.args.node, self.args.client, *(f"--url={url}" for url in urls), f"--load={path}"]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.processes.started.append(("client", client))
        return client


def result_of(client):
    said, _ = client.communicate()
    if client.returncode != 0:
        raise SystemExit(f"the client ended with {client.returncode}")
    return json.loads(said)


def tokens_of(result):
    return sum(tokens for _, tokens, _ in result["ends"])


def alone(replicas, folder, args):
    """Rates of both replicas, each with a client of its own, at the same time; measured until the first of them ends."""
    clients = []
    for i, url in enumerate(replicas.urls):
        jobs = make_load("one", round(args.depth * args.slots / 2), 10 + i, args.shrink)
        clients.append(replicas.client([url], save(folder, f"alone-{i}.json", jobs)))
    found = [result_of(client) for client in clients]
    until = min(result["startedAt"] + result["seconds"] for result in found)
    rates = []
    for result in found:
        made = sum(tokens for at, tokens, _ in result["ends"] if result["startedAt"] + at <= until)
        rates.append(made / (until - result["startedAt"]))
    return rates


def wait_until_busy(urls, client):
    """Until the client has begun: it takes its time to start."""
    while client.poll() is None and not all(gauges_of(fetch(f"{url}/metrics"))[0] > 0 for url in urls):
        time.sleep(0.05)


def killed(replicas, folder, args, rates):
    """A run over both replicas; the second dies after a third of the time, and starts at once again."""
    jobs = make_load("one", round(args.depth * args.slots * 2), 20, args.shrink)
    times = {}
    # A page may be older than the end of the runs before.
    time.sleep(2)
    client = replicas.client(replicas.urls, save(folder, "killed.json", jobs))

    def strike():
        wait_until_busy(replicas.urls, client)
        time.sleep(KILL_AT * totals(jobs)["tokens"] / sum(rates))
        if client.poll() is not None:
            return
        times["killed"] = time.time()
        replicas.kill(1)
        time.sleep(START_S if args.device == "simulated" else 0)
        replicas.start(1)
        replicas.up(1)
        times["up"] = time.time()

    striker = threading.Thread(target=strike)
    striker.start()
    result = result_of(client)
    striker.join()
    if "up" not in times:
        raise SystemExit("the run ended before the kill; give more --depth")
    ended = result["startedAt"] + result["seconds"]
    down = min(times["up"], ended) - times["killed"]
    since = {f"{name}AtS": at - result["startedAt"] for name, at in times.items()}
    return jobs, result, {"downS": down, "cameBack": times["up"] < ended, **since}


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(folder, environment(args.device, args.wheels, folder))
        try:
            replicas = Replicas(args, folder, processes)
            for i in (0, 1):
                replicas.start(i)
                if args.device == "cuda":
                    replicas.up(i)
            for i in (0, 1):
                replicas.up(i)
            rates = alone(replicas, folder, args)
            print(f"alone, at the same time: {rates[0]:.0f} and {rates[1]:.0f} tokens/s", flush=True)
            jobs, result, times = killed(replicas, folder, args, rates)
        finally:
            processes.close()
    made, expected = tokens_of(result), totals(jobs)["tokens"]
    ideal = rates[0] * result["seconds"] + rates[1] * (result["seconds"] - times["downS"])
    lost = len(jobs) - len(result["ends"])
    ratio = made / ideal
    print(f"{len(jobs)} requests in {result['seconds']:.1f} s, {made / result['seconds']:.0f} tokens/s; down {times['downS']:.1f} s")
    print(f"came back in time: {times['cameBack']}; retries {result['retries']}, failures {result['failures']}")
    print(f"rows lost: {lost}, tokens missing: {expected - made}: {'holds' if lost == 0 and made == expected else 'does not hold'}")
    print(f"of the ideal sum: {ratio:.3f}, at least {BAR}: {'holds' if ratio >= BAR else 'does not hold'}")
    if args.out:
        with open(args.out, "w") as file:
            json.dump({"alone": rates, **times, "seconds": result["seconds"], "tokens": made, "lost": lost, "ratio": ratio, **{name: result[name] for name in ("inFlight", "ends")}}, file)


if __name__ == "__main__":
    main()
