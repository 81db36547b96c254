"""The quickstart through vLLM with the bundled model, and the truth about what it kept by the exact solver. See README.md.

python3 bench/gpu/vllm_quickstart.py --rows 100000 --servers 4 --run runs/quickstart-vllm
python3 bench/gpu/vllm_quickstart.py --device cpu --rows 200 --run runs/quickstart-vllm

The run goes on after a stop, as any run does: give the same --run.
"""

import argparse
import os
import subprocess
import tempfile
import time

from shared import HERE
from vllm_engines import Processes, bundled, engine_options, environment

ROOT = os.path.normpath(os.path.join(HERE, "../.."))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rows", type=int, default=100_000)
    p.add_argument("--run", required=True, help="folder of the run")
    p.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    p.add_argument("--servers", type=int, default=1, help="on the one device: a model this small leaves most of a GPU idle")
    p.add_argument("--slots", type=int, help="of each server; default 1024, or 16 on a CPU")
    p.add_argument("--window", type=int, help="rows in flight; default 8192, or 256 on a CPU")
    p.add_argument("--wheels")
    p.add_argument("--memory", type=float, default=0.6, help="share of the GPU's memory for all servers together")
    p.add_argument("--node", default="node")
    p.add_argument("--port", type=int, default=8000)
    args = p.parse_args()
    slots, window = (16, 256) if args.device == "cpu" else (1024, 8192)
    slots, window = args.slots or slots, args.window or window
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(folder, environment(args.device, args.wheels, folder))
        try:
            began = time.time()
            urls = start(args, folder, processes, slots)
            print(f"vLLM is up after {time.time() - began:.0f} s", flush=True)
            run(args, urls, window)
        finally:
            processes.close()
    truth = os.path.join(ROOT, "dist/bench/quickstart/truth.js")
    subprocess.run([args.node, "--max-old-space-size=8192", truth, args.run], check=True)


def start(args, folder, processes, slots):
    """All at once; their addresses."""
    options = engine_options("writer", bundled(folder, processes.env), "tiny", args.device, slots, args.memory / args.servers)
    options.pop("load_format")
    # Prompts of one step begin alike.
    options["enable_prefix_caching"] = True
    urls = [f"http://127.0.0.1:{args.port + i}" for i in range(args.servers)]
    servers = [processes.serve(f"server-{i}", options, args.port + i, "m") for i in range(args.servers)]
    for i, server in enumerate(servers):
        processes.up(f"server-{i}", server, urls[i])
    return urls


def run(args, urls, window):
    replicas = ", ".join(f"'{url}/v1'" for url in urls)
    model = f"{{ openai: {{ replicas: [{replicas}], model: m }}, template: qwen2-math }}"
    sets = [f"models.tiny={model}", f"target={args.rows}", f"source.windowRows={window}", "output.shardRows=10000"]
    command = [args.node, os.path.join(ROOT, "dist/src/cli/main.js"), "run", os.path.join(ROOT, "pipelines/quickstart.yaml")]
    command += ["--out", args.run, "--progress", "none", *(part for each in sets for part in ("--set", each))]
    began = time.time()
    # The process's own use, and no other's.
    _, status, used = os.wait4(subprocess.Popen(command).pid, 0)
    took = time.time() - began
    if status != 0:
        raise SystemExit(f"the run ended with {os.waitstatus_to_exitcode(status)}")
    print(f"{args.rows} rows in {took:.1f} s, {args.rows / took:.1f} rows/s", flush=True)
    cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"client: {cpu:.1f} s of CPU, {cpu / args.rows * 1e3:.2f} ms a row; {memory:.0f} MiB at most\n", flush=True)


if __name__ == "__main__":
    main()
