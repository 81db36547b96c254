"""Runs pipelines of ours against servers of small models."""

import os
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CLI = ROOT / "dist/src/cli/main.js"
PORT = 8101


def scalequest(node, pipeline, run, settings, **environment):
    """Runs a pipeline into a folder, or goes on with it; its training step is left out, for tune.py trains."""
    command = [node, str(CLI), "run", str(pipeline), "--out", str(run), "--progress", "none", "--set", "train=[]"]
    for setting in settings:
        command += ["--set", setting]
    log = run.with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **{key: str(value) for key, value in environment.items()}}
    with log.open("a") as out:
        code = subprocess.run(command, env=environment, stdout=out, stderr=out, cwd=ROOT).returncode
    if code != 0:
        raise RuntimeError(f"{run.name} ended with {code}: {log.read_text()[-600:]}")


def truth(node, run, column):
    """Writes the rows of a run with the exact solver's answers beside it, once."""
    path = run.with_suffix(".jsonl")
    if not path.exists():
        part = path.with_suffix(".part")
        command = [node, str(ROOT / "dist/bench/method/truth.js"), str(run), str(part), column]
        subprocess.run(command, check=True, cwd=ROOT)
        part.rename(path)
    return path


@contextmanager
def servers(count, models):
    """Ports of so many servers; each serves every model of the folder."""
    ports = [PORT + i for i in range(count)]
    command = [sys.executable, str(HERE / "serve.py"), "--folder", str(models)]
    started = [subprocess.Popen([*command, "--port", str(port), "--seed", str(port)]) for port in ports]
    try:
        for port in ports:
            wait_for(f"http://127.0.0.1:{port}/health")
        yield ports
    finally:
        for server in started:
            server.terminate()
        for server in started:
            server.wait()


def wait_for(url):
    for _ in range(240):
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(url)


def beside(ports, jobs):
    """Runs jobs (functions of a server's address), each with a server of its own; the first failure is raised when all have ended."""
    free = list(ports)

    def one(job):
        port = free.pop()
        try:
            return job(f"http://127.0.0.1:{port}/v1")
        finally:
            free.append(port)

    with ThreadPoolExecutor(len(ports)) as pool:
        return [done.result() for done in [pool.submit(one, job) for job in jobs]]
