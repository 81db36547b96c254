"""What servers say of themselves on /metrics, and what nvidia-smi says of the GPU, over time."""

import statistics
import subprocess
import threading
import time
from http.client import HTTPException

from shared import fetch

# Of vLLM and of llama.cpp.
NAMES = {
    "running": ("vllm:num_requests_running", "llamacpp:requests_processing"),
    "waiting": ("vllm:num_requests_waiting", "llamacpp:requests_deferred"),
}


def gauges_of(text):
    """Requests that run and that wait; vLLM counts each choice of a request."""
    values = dict.fromkeys(NAMES, 0.0)
    for line in text.split("\n"):
        for name, gauges in NAMES.items():
            if line.startswith(tuple(gauge + end for gauge in gauges for end in "{ ")):
                values[name] += float(line.rsplit(" ", 1)[1])
    return values["running"], values["waiting"]


class Watch:
    """Times are those of time.time(). `smi_s`: 0 for no nvidia-smi."""

    def __init__(self, url, every_s=0.1, smi_s=0.25):
        self.url, self.every_s = url, every_s
        self.gauges, self.gpu, self.smi, self.closed = [], [], None, False
        threading.Thread(target=self.poll, daemon=True).start()
        query = ["--query-gpu=utilization.gpu,power.draw,memory.used", "--format=csv,noheader,nounits"]
        try:
            if smi_s > 0:
                command = ["nvidia-smi", *query, "-lms", str(round(smi_s * 1e3))]
                self.smi = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                threading.Thread(target=self.read_gpu, daemon=True).start()
        except FileNotFoundError:
            pass

    def poll(self):
        while not self.closed:
            time.sleep(self.every_s)
            try:
                text = fetch(f"{self.url}/metrics", timeout_s=5)
            except (OSError, ValueError, HTTPException):
                continue
            self.gauges.append((time.time(), *gauges_of(text)))

    def read_gpu(self):
        for line in self.smi.stdout:
            try:
                self.gpu.append((time.time(), *(float(value) for value in line.split(","))))
            except ValueError:
                continue

    def gauges_between(self, start, end):
        return [(running, waiting) for at, running, waiting in self.gauges if start <= at <= end]

    def gpu_between(self, start, end):
        """Mean use in % and power, most memory; None where there is no nvidia-smi."""
        rows = [rest for at, *rest in self.gpu if start <= at <= end]
        use, watts, used = zip(*rows) if rows else ((), (), ())
        mean = lambda values: statistics.mean(values) if values else None  # noqa: E731
        return {"gpuBusy": mean(use), "gpuWatts": mean(watts), "gpuMiB": max(used, default=None)}

    def close(self):
        self.closed = True
        if self.smi:
            self.smi.terminate()
