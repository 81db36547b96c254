"""What both benches need: to fetch, to wait for servers, to run clients."""

import json
import os
import subprocess
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))


def fetch(url, body=None, timeout_s=3600):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=timeout_s) as reply:
        return reply.read().decode()


def output_of(command, **more):
    """What a command prints, read as JSON."""
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, **more).stdout)


def wait_until_up(url, server):
    """`server`: its process, whose end is an error."""
    while True:
        if server.poll() is not None:
            raise RuntimeError(f"the server of {url} ended with {server.returncode}")
        try:
            return fetch(f"{url}/health")
        except OSError:
            time.sleep(0.2)


def save(folder, name, jobs):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        json.dump(jobs, file)
    return path
