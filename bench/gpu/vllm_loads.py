"""The same loads against vLLM: a plain client that sends all at once, our client told nothing, our client told the slots.

Starts vLLM with random weights in the shape of a known model, warms it up, and measures by turns. Several builds of our client
can take turns too:

python3 bench/gpu/vllm_loads.py --model FOLDER --slots 256 --rounds 3 --client new=dist/bench/gpu/client.js --client old=OTHER/dist/bench/gpu/client.js

FOLDER holds config.json and the tokenizer of a model, for example from `python3 models/to_hf.py models/tiny.gguf FOLDER`.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import run as shared

# Sizes from the config.json of the published models.
SHAPES = {
    "qwen2-7b": {
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
    },
    "qwen2-1.5b": {
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 28,
        "num_attention_heads": 12,
        "num_key_value_heads": 2,
    },
    "as-is": {},
}
WORDS = "how many apples are left if each of the seven boxes holds twice as much as before and we give away".split()
LOADS = {
    # Requests of five choices, of one choice, of one token.
    "one": (0, 1200, 0),
    "five": (240, 0, 0),
    "mix": (120, 600, 1500),
}


def make_load(name, scale, seed):
    """Jobs in a shuffled order; the prompt has 20 to 60 words, a choice 64 to 320 tokens."""
    rng = random.Random(seed)

    def job(n, tokens):
        prompt = " ".join(rng.choice(WORDS) for _ in range(rng.randint(20, 60)))
        return {"prompt": f"{rng.randrange(10**6)} {prompt}", "max_tokens": tokens, "n": n}

    five, one, token = (round(count * scale) for count in LOADS[name])
    jobs = [job(5, rng.randint(64, 320)) for _ in range(five)]
    jobs += [job(1, rng.randint(64, 320)) for _ in range(one)]
    jobs += [job(1, 1) for _ in range(token)]
    rng.shuffle(jobs)
    return jobs


def shaped(folder, shape, target):
    """A copy of the model's folder with the sizes of another model and no weights."""
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(folder):
        if not name.endswith((".safetensors", ".bin")) or shape == "as-is":
            shutil.copy(os.path.join(folder, name), target)
    path = os.path.join(target, "config.json")
    with open(path) as file:
        config = json.load(file)
    if SHAPES[shape]:
        config = {**config, **SHAPES[shape], "torch_dtype": "bfloat16", "max_position_embeddings": 4096}
        config.pop("head_dim", None)
    with open(path, "w") as file:
        json.dump(config, file)
    return target


class Gauges:
    """What runs and what waits by the server's own page, ten times a second."""

    def __init__(self, url):
        self.url = url
        self.seen = []
        threading.Thread(target=self.poll, daemon=True).start()

    def poll(self):
        while True:
            time.sleep(0.1)
            try:
                lines = shared.fetch(f"{self.url}/metrics").split("\n")
            except OSError:
                continue
            values = {}
            for line in lines:
                for name in ("running", "waiting"):
                    if line.startswith((f"vllm:num_requests_{name}{{", f"vllm:num_requests_{name} ")):
                        values[name] = values.get(name, 0) + float(line.rsplit(" ", 1)[1])
            self.seen.append((time.monotonic(), values.get("running", 0), values.get("waiting", 0)))

    def between(self, start, end, slots):
        """Busy slots over slots between the first and the last tenth of the time: without ramp and drain."""
        edge = (end - start) / 10
        rows = [running for at, running, _ in self.seen if start + edge <= at <= end - edge]
        return statistics.mean(min(running, slots) for running in rows) / slots if rows else float("nan")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--shape", choices=SHAPES, default="qwen2-7b")
    parser.add_argument("--slots", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1, help="of the number of requests")
    parser.add_argument("--loads", default="one,five,mix")
    parser.add_argument("--client", action="append", default=[], help="NAME=PATH of a build's client.js")
    parser.add_argument("--node", default="node")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--server", default="", help="more arguments for vLLM")
    parser.add_argument("--out", default="")
    parser.add_argument("--for-s", type=float, default=1e9, help="begin no round after so many seconds")
    args = parser.parse_args()
    clients = dict(client.split("=", 1) for client in args.client) or {"ours": "dist/bench/gpu/client.js"}
    url = f"http://127.0.0.1:{args.port}"
    began = time.monotonic()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        model = shaped(args.model, args.shape, os.path.join(folder, "model"))
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model]
        command += ["--served-model-name", "m", "--max-num-seqs", str(args.slots), "--port", str(args.port)]
        command += ["--max-model-len", "2048" if SHAPES[args.shape] else "512", "--no-enable-prefix-caching"]
        command += ["--load-format", "dummy"] if SHAPES[args.shape] else []
        command += args.server.split()
        with open(os.path.join(folder, "server.log"), "w") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            shared.wait_until_up(url, server)
            print(f"vLLM is up after {time.monotonic() - began:.0f} s", flush=True)
            gauges = Gauges(url)
            measure(args, folder, url, clients, gauges, results, began)
        except SystemExit:
            with open(os.path.join(folder, "server.log")) as log:
                print(log.read()[-6000:])
            raise
        finally:
            if server.poll() is None:
                os.killpg(server.pid, 15)
                server.wait(30)
    report(results, args.slots)
    if args.out:
        with open(args.out, "w") as file:
            json.dump(results, file)


def measure(args, folder, url, clients, gauges, results, began):
    told = json.dumps({"extra": {"ignore_eos": True}})
    told_slots = json.dumps({"extra": {"ignore_eos": True}, "slots": args.slots})
    plain = [sys.executable, os.path.join(shared.HERE, "plain_client.py"), "--ignore-eos", "--url", url]
    arms = {"plain, all at once": lambda load: [*plain, "--concurrency", "100000", "--load", load]}
    for name, path in clients.items():
        for note, options in ((", told nothing", told), (", told the slots", told_slots)):
            arms[name + note] = lambda load, path=path, options=options: [
                *(args.node, path, f"--url={url}", f"--load={load}", f"--options={options}")
            ]
    warm = shared.save(folder, "warm.json", make_load("mix", args.scale / 2, 0))
    shared.output_of(arms["plain, all at once"](warm))
    for turn in range(args.rounds):
        for load in args.loads.split(","):
            jobs = make_load(load, args.scale, turn + 1)
            path = shared.save(folder, "load.json", jobs)
            expected = sum(job["max_tokens"] * job["n"] for job in jobs)
            # Another arm begins in each round, so that none always has the warmest server.
            names = list(arms)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                if time.monotonic() - began > args.for_s:
                    return
                start = time.monotonic()
                result = shared.output_of(arms[name](path))
                end = time.monotonic()
                made = sum(tokens for _, tokens in result["ends"])
                # A reply tells the tokens of all its choices together: a share of them is rounded.
                assert abs(made - expected) <= expected / 1000, f"{name}: {made} tokens, expected {expected}"
                row = {
                    **{"load": load, "arm": name, "round": turn, "seconds": result["seconds"]},
                    **{"rate": made / result["seconds"], "busy": gauges.between(start, end, args.slots)},
                    **{"cpuMs": result["cpuSeconds"] / len(jobs) * 1e3, "retries": result.get("retries", 0)},
                    "inFlight": result.get("inFlight", []),
                }
                results.append(row)
                print(
                    f"{load:5} {name:24} {row['seconds']:6.2f} s {row['rate']:7.0f} tokens/s, slots busy "
                    f"{row['busy']:.3f}, {row['cpuMs']:.2f} ms CPU a request, {row['retries']} retries",
                    flush=True,
                )


def report(results, slots):
    print(f"\n| load | arm | tokens/s, median (range) | of plain | slots busy of {slots} | CPU ms a request |")
    print("|---|---|---|---|---|---|")
    for load in dict.fromkeys(row["load"] for row in results):
        rows = [row for row in results if row["load"] == load]
        by_round = {row["round"]: row["rate"] for row in rows if row["arm"].startswith("plain")}
        for arm in dict.fromkeys(row["arm"] for row in rows):
            own = [row for row in rows if row["arm"] == arm]
            rates = [row["rate"] for row in own]
            ratio = [row["rate"] / by_round[row["round"]] for row in own if row["round"] in by_round]
            print(
                f"| {load} | {arm} | {statistics.median(rates):.0f} ({min(rates):.0f}–{max(rates):.0f}) "
                f"| {statistics.median(ratio) if ratio else float('nan'):.3f} "
                f"| {statistics.median(row['busy'] for row in own):.3f} "
                f"| {statistics.median(row['cpuMs'] for row in own):.2f} |"
            )


if __name__ == "__main__":
    main()
