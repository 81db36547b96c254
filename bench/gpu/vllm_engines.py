"""Starts vLLM: models with random weights in the shape of known ones, servers, and engines without a server."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from shared import HERE, wait_until_up

ROOT = os.path.join(HERE, "..", "..")
# Sizes from the config.json of the published models. The vocabulary stays the bundled tokenizer's.
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
    "tiny": {},  # the bundled model's own
}
CONTEXT = {"tiny": 512}
CACHE_SHARE = 0.6  # of an engine's memory for keys and values; the rest holds weights and what a step needs
CPU = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    # Threads of a model this small only wait for one another.
    "OMP_NUM_THREADS": "1",
    # On a busy machine the compiler takes longer than a step may.
    "TORCHDYNAMO_DISABLE": "1",
    "VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS": "3600",
}


def environment(device, wheels, folder):
    """Of all processes; wheels are unpacked into the folder, for a machine that can install nothing."""
    env = {**os.environ, "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1", "VLLM_USE_FLASHINFER_SAMPLER": "0"}
    if device == "cpu":
        env.update(CPU)
    if wheels:
        site = os.path.join(folder, "site")
        found = sorted(glob.glob(os.path.join(wheels, "*.whl")))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
        subprocess.run([*pip, "--target", site, *found], check=True)
        env["PYTHONPATH"] = os.pathsep.join([site, *filter(None, [env.get("PYTHONPATH")])])
    return env


def bundled(folder, env):
    """The bundled model in Hugging Face's form."""
    target = os.path.join(folder, "bundled")
    if not os.path.exists(target):
        script, gguf = (os.path.join(ROOT, "models", name) for name in ("to_hf.py", "tiny.gguf"))
        subprocess.run([sys.executable, script, gguf, target], check=True, env=env, stdout=subprocess.DEVNULL)
    return target


def shaped(folder, shape, role, env):
    """A model's folder without weights: the bundled tokenizer with the sizes of another model, as a writer or a reward model."""
    target = os.path.join(folder, f"{role}-{shape}")
    os.makedirs(target, exist_ok=True)
    source = bundled(folder, env)
    for name in os.listdir(source):
        if not name.endswith(".safetensors"):
            shutil.copy(os.path.join(source, name), target)
    path = os.path.join(target, "config.json")
    with open(path) as file:
        config = json.load(file)
    if SHAPES[shape]:
        config = {**config, **SHAPES[shape], "torch_dtype": "bfloat16", "max_position_embeddings": 4096}
        config.pop("head_dim", None)
    if role == "reward":
        config |= {"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 1, "id2label": {"0": "reward"}}
    with open(path, "w") as file:
        json.dump(config, file)
    return target


def engine_options(role, model, shape, device, slots, memory):
    """As vllm.LLM names them; `flags` writes them for a server. `memory`: the engine's share of the GPU's."""
    options = {"model": model, "load_format": "dummy", "max_num_seqs": slots}
    options |= {"max_model_len": CONTEXT.get(shape, 2048), "enable_prefix_caching": False}
    if role == "reward":
        options["runner"] = "pooling"
    if device == "cpu":
        options |= {"dtype": "float32", "enforce_eager": True, "max_num_batched_tokens": 65536}
    else:
        # Engines start at the same time: one that measured what it may use would count what the others take.
        options |= {"gpu_memory_utilization": memory, "kv_cache_memory_bytes": int(CACHE_SHARE * memory * gpu_bytes())}
    return options


def gpu_bytes():
    """Of the first GPU; several are alike."""
    query = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    return int(subprocess.run(query, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0]) << 20


def flags(options):
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is False:
            yield flag.replace("--", "--no-", 1)
        elif value is True:
            yield flag
        else:
            yield from (flag, str(value))


class Processes:
    """What was started; all of it ends with `close`, and its words are kept in the folder."""

    def __init__(self, folder, env):
        self.folder, self.env, self.started = folder, env, []
        # A polite kill ends what was started, as an error does.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def start(self, name, command, env=None, **more):
        log = open(os.path.join(self.folder, f"{name}.log"), "a")
        env = {**self.env, **(env or {})}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env, start_new_session=True, **more)
        self.started.append((name, process))
        return process

    def serve(self, name, options, port, served, env=None, more=()):
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *flags(options)]
        command += ["--served-model-name", served, "--host", "127.0.0.1", "--port", str(port), *more]
        return self.start(name, command, env)

    def offline(self, role, options, env=None):
        ready = os.path.join(self.folder, f"offline-{role}.ready")
        command = [sys.executable, os.path.join(HERE, "offline.py"), role, ready, json.dumps(options)]
        process = self.start(f"offline-{role}", command, env, stdin=subprocess.PIPE, text=True)
        return process, ready

    def words(self, name):
        with open(os.path.join(self.folder, f"{name}.log")) as file:
            return file.read()[-4000:]

    def up(self, name, process, url):
        try:
            wait_until_up(url, process)
        except RuntimeError as error:
            raise SystemExit(f"{error}\n{self.words(name)}") from None

    def appears(self, name, process, path):
        """Waits for a file that a process writes; gives what it holds."""
        while not os.path.exists(path):
            if process.poll() is not None:
                raise SystemExit(f"{name} ended with {process.returncode}\n{self.words(name)}")
            time.sleep(0.005)
        with open(path) as file:
            return json.load(file)

    def close(self):
        for _, process in self.started:
            end(process, signal.SIGTERM)
        for _, process in self.started:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                end(process, signal.SIGKILL)


def end(process, how):
    """With all that it started."""
    try:
        os.killpg(process.pid, how)
    except ProcessLookupError:
        pass
