"""Runs pipelines of ours with small models, behind servers or embedded."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import weights

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CLI = ROOT / "dist/src/cli/main.js"
SOURCE_ENDED = 6  # the exit code of a run that kept fewer rows than its target


def die_with_parent():
    """What is started ends with whoever started it, however that ends; else a resumed run would meet the old one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def settings_of(args, url, **models):
    """Of a pipeline: each of its models by the name of a file, at a server, or in the engine of our own where there is none."""
    if url is None:
        paths = {name: weights.gguf(args.models, file) for name, file in models.items()}
        engines = {name: f"llamaCpp: {{ path: {path}, contextTokens: 512 }}" for name, path in paths.items()}
    else:
        servers = {name: f"replicas: ['{url}'], model: {file}, slots: 1024" for name, file in models.items()}
        engines = {name: f"openai: {{ {server} }}" for name, server in servers.items()}
    return [f"models.{name}={{ {engine}, template: qwen2-math }}" for name, engine in engines.items()]


def scalequest(node, pipeline, run, settings, **environment):
    """Runs a pipeline into a folder, or goes on with it; its training step is left out, for tune.py trains."""
    command = [node, str(CLI), "run", str(pipeline), "--out", str(run), "--progress", "none", "--set", "train=[]"]
    for setting in settings:
        command += ["--set", setting]
    log = run.with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **{key: str(value) for key, value in environment.items()}}
    with log.open("a") as out:
        more = {"stdout": out, "stderr": out, "cwd": ROOT, "preexec_fn": die_with_parent}
        code = subprocess.run(command, env=environment, **more).returncode
    if code == SOURCE_ENDED:
        return print(f"{run.name}: fewer rows than wanted, see {log}", flush=True)
    if code != 0:
        raise RuntimeError(f"{run.name} ended with {code}: {log.read_text()[-600:]}")


def truth(node, run, column):
    """Writes the rows of a run with the exact solver's answers beside it, once."""
    path = run.with_suffix(".jsonl")
    if not path.exists():
        part = path.with_suffix(".part")
        command = [node, str(ROOT / "dist/bench/method/truth.js"), str(run), str(part), column]
        subprocess.run(command, check=True, cwd=ROOT, preexec_fn=die_with_parent)
        part.rename(path)
    return path


@contextmanager
def servers(args, count):
    """Ports of so many servers; each serves every model of the folder. Without a GPU there are none: in a server that runs whole
    batches, a row waits for the longest of the others."""
    if not args.served:
        yield [None] * count
        return
    ports = [args.port + i for i in range(count)]
    command = [sys.executable, str(HERE / "serve.py"), "--folder", str(args.models)]
    more = {"preexec_fn": die_with_parent}
    started = [subprocess.Popen([*command, "--port", str(port), "--seed", str(port)], **more) for port in ports]
    try:
        for port, server in zip(ports, started):
            wait_for(f"http://127.0.0.1:{port}/health", server)
        yield ports
    finally:
        for server in started:
            server.terminate()
        for server in started:
            server.wait()


def wait_for(url, server):
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError(f"the server of {url} ended with {server.returncode}")
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(url)


def beside(ports, jobs):
    """Runs jobs (functions of a server's address, or None), each with a server of its own; a failure is raised when all have ended."""
    free = list(ports)

    def one(job):
        port = free.pop()
        try:
            return job(port and f"http://127.0.0.1:{port}/v1")
        finally:
            free.append(port)

    with ThreadPoolExecutor(len(ports)) as pool:
        return [done.result() for done in [pool.submit(one, job) for job in jobs]]
