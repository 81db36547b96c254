"""Places the processes of a run on the nodes of a Ray cluster, and does nothing else: `scalequest run --on` submits it as a Ray job.

The run (`scalequest run --take-over`) and each model server (`scalequest serve`) is the process of an actor. Ray places the actors and
starts them again when they, or their nodes, die. Nothing is stored here: what the run has done is in its folder, and which servers answer
is in theirs. Needs Ray and the standard library.
"""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

EXIT_MODEL, EXIT_IO, EXIT_CLUSTER, EXIT_CANCELLED = 4, 5, 9, 130
# A process that is killed within this time of its start counts as one that does not come up; after so many the job ends.
WELL_S = 60
KILLED_STARTS_MAX = 5
# `scalequest run` commits and ends within 8 s of SIGTERM; a server leaves the list, and ends.
STOP_S = 12
# A folder of a network file system shows a new file a little later.
SEEN_S = 5
CHECK_S = 180
WAITING_S = 30
SERVER_AGAIN_S = 60

# The process of an actor ends with it, however that ends: the guard's standard input is closed then. It leads a process group of its own.
GUARD = """
import os, signal, subprocess, sys, threading
# A handler, and not SIG_IGN, which the program would inherit.
signal.signal(signal.SIGTERM, lambda *_: None)
program = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
def end_all():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    try:
        program.wait(float(sys.argv[1]))
    except subprocess.TimeoutExpired:
        pass
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=end_all, daemon=True).start()
code = program.wait()
os._exit(code if code >= 0 else 128 - code)
"""


def say(text):
    print(text, flush=True)


try:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as problem:
    say(
        f"found no Ray in {sys.executable} on {socket.gethostname()} ({problem}), expected the Python of the cluster; "
        "name it with --python"
    )
    sys.exit(EXIT_CLUSTER)


class Misplaced(Exception):
    """This node cannot run the processes: the message says why."""


def own_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("SCALEQUEST_RAY_")}


def fill(words, host):
    """`${NAME}` stands for what the environment of the node holds, `{host}` for its address."""

    def value_of(match):
        name = match.group(1)
        if name in os.environ:
            return os.environ[name]
        raise Misplaced(f"found no environment variable {name} on node {host}, which the pipeline file names; hand it on with --env {name}")

    return [host if word == "{host}" else re.sub(r"\$\{(\w+)\}", value_of, word) for word in words]


def node_address():
    return ray.util.get_node_ip_address()


def check_folders(plan, mark):
    """A file that the job wrote tells a folder that this node shares from one of its own that has the same name."""
    deadline = time.monotonic() + SEEN_S
    for folder in plan["folders"]:
        while not os.path.exists(os.path.join(folder, mark)):
            if time.monotonic() > deadline:
                raise Misplaced(
                    f"found that node {node_address()} does not see {folder}, expected a folder that all nodes share; mount it there, "
                    "or start the command in one that is shared"
                )
            time.sleep(0.2)


def check_file(plan):
    path = plan["file"]["path"]
    try:
        with open(path, "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
    except OSError as problem:
        raise Misplaced(
            f"found no {path} on node {node_address()} ({problem.strerror}), expected the pipeline file where the command was typed; name "
            "the folder that the cluster has in its place with --folder"
        )
    if found != plan["file"]["sha256"]:
        raise Misplaced(
            f"found another {path} on node {node_address()} than the one that was submitted, expected the same; copy it there"
        )


def check_program(plan):
    words = [*plan["scalequest"], "--version"]
    try:
        done = subprocess.run(
            words, cwd=plan["cwd"], env=own_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CHECK_S
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Misplaced(f"`{' '.join(words)}` cannot be started on node {node_address()}: {problem}; say how with --scalequest")
    if done.returncode != 0:
        end = (done.stderr or done.stdout).strip()[-500:]
        raise Misplaced(
            f"`{' '.join(words)}` ended with exit code {done.returncode} on node {node_address()}: {end}; say how it is started with --scalequest"
        )
    found = done.stdout.strip().splitlines()[-1:]
    if found != [plan["version"]]:
        raise Misplaced(
            f"found scalequest {' '.join(found)} on node {node_address()}, expected {plan['version']}, which submitted the job; install it there"
        )


@ray.remote(num_cpus=0, max_retries=2)
def check_node(plan, mark):
    """What is wrong with this node; None if nothing is."""
    try:
        check_folders(plan, mark)
        check_file(plan)
        check_program(plan)
    except Misplaced as problem:
        return str(problem)
    return None


class Process:
    """A process on a node. Ray starts the actor again, and calls `run` again, when it or its node dies."""

    def __init__(self, name, plan, mark):
        self.name, self.plan, self.mark = name, plan, mark
        self.guard = None
        self.is_stopping = threading.Event()

    def __repr__(self):
        return self.name

    def where(self):
        return node_address()

    def run(self, words):
        """The exit code of the process. One that is killed, as for its memory, is started again."""
        kills = 0
        while not self.is_stopping.is_set():
            started = time.monotonic()
            code = self.run_once(words)
            if code != 128 + signal.SIGKILL or self.is_stopping.is_set():
                return code
            kills = 1 if time.monotonic() - started > WELL_S else kills + 1
            if kills >= KILLED_STARTS_MAX:
                return code
            say("it was killed and is started again")
        return EXIT_CANCELLED

    def run_once(self, words):
        try:
            check_folders(self.plan, self.mark)
            filled = fill(words, node_address())
        except Misplaced as problem:
            say(str(problem))
            return EXIT_IO
        self.guard = subprocess.Popen(
            [sys.executable, "-c", GUARD, str(STOP_S), *filled],
            cwd=self.plan["cwd"],
            env=own_environment(),
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        return self.guard.wait()

    def stop(self):
        self.is_stopping.set()
        if self.guard is not None:
            self.guard.stdin.close()


class Placed:
    """A process that Ray places, and the promise of its exit code."""

    def __init__(self, name, words, needs, plan, mark):
        self.name, self.words, self.needs, self.plan, self.mark = name, words, needs, plan, mark
        self.start()

    def start(self):
        options = {"max_restarts": -1, "max_task_retries": -1, "max_concurrency": 4, **self.needs}
        self.actor = ray.remote(Process).options(**options).remote(self.name, self.plan, self.mark)
        self.code = self.actor.run.remote(self.words)
        self.place = self.actor.where.remote()
        self.again_at = None


def placed(processes):
    """Those that have a node now. One whose last call has no answer is still waiting for one."""
    asked = {each.place: each for each in processes}
    ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=2) if asked else ([], [])
    for call in ready:
        asked[call].place = asked[call].actor.where.remote()
    return [asked[call] for call in ready]


def server_of(kind, number, count, plan, mark):
    gpus = kind["gpusEach"]
    needs = {"num_gpus": gpus, "num_cpus": 0 if gpus > 0 else 1}
    server = Placed(f"{kind['models'][0]}-{number}", kind["words"], needs, plan, mark)
    server.kind, server.count = kind, count
    return server


def alive_nodes():
    """Nodes that can be given work. A head often has neither processors nor GPUs to give."""
    nodes = [node for node in ray.nodes() if node["Alive"]]
    return [node for node in nodes if node["Resources"].get("CPU", 0) > 0 or node["Resources"].get("GPU", 0) > 0]


def check_nodes(plan, mark):
    nodes = alive_nodes()
    checks = [
        check_node.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node["NodeID"], soft=False)).remote(plan, mark)
        for node in nodes
    ]
    ready, late = ray.wait(checks, num_returns=len(checks), timeout=CHECK_S + 60) if checks else ([], [])
    if late:
        raise Misplaced(f"found {len(late)} of {len(nodes)} nodes that did not answer, expected all; see `ray status` on the head")
    problems = [problem for problem in ray.get(ready) if problem is not None]
    if problems:
        raise Misplaced("\n".join(problems))


def count_of(kind):
    """As many as the file says, or as fit on the nodes that there are now."""
    if kind["replicas"] is not None:
        return kind["replicas"]
    gpus = kind["gpusEach"]
    fitting = [1 if gpus == 0 else int(node["Resources"].get("GPU", 0) // gpus) for node in alive_nodes()]
    return max(1, sum(fitting))


def waiting_text(servers, run):
    """What is waited for; None if nothing is."""
    processes = [*servers, *([] if run is None else [run])]
    found = placed(processes)
    waiting = [each for each in processes if each not in found]
    kinds = {}
    for server in waiting:
        if server is not run:
            kinds.setdefault(server.kind["models"][0], []).append(server)
    lacks = [f"{len(those)} of {those[0].count} servers of {model} wait for {describe(those[0].needs)} each" for model, those in kinds.items()]
    if run in waiting:
        lacks.append(f"the run waits for {describe(run.needs)}")
    if not lacks:
        return None
    total, free = ray.cluster_resources(), ray.available_resources()
    largest = max((node["Resources"].get("GPU", 0) for node in alive_nodes()), default=0)
    has = f"the cluster has {total.get('GPU', 0):g} GPUs, {free.get('GPU', 0):g} free, {largest:g} on one node at most"
    return f"{'; '.join(lacks)}; {has}, and {free.get('CPU', 0):g} processors free of {total.get('CPU', 0):g}"


def describe(needs):
    gpus = needs.get("num_gpus", 0)
    if gpus == 0:
        return "a processor"
    return f"{gpus} GPU{'s' if gpus > 1 else ''}"


def start_servers(plan, mark):
    servers = []
    for kind in plan["servers"]:
        count = count_of(kind)
        servers += [server_of(kind, number, count, plan, mark) for number in range(1, count + 1)]
    return servers


def has_each_kind(plan, servers):
    folders = {server.kind["folder"] for server in placed(servers)}
    return all(kind["folder"] in folders for kind in plan["servers"])


class Waiter:
    """Says what is waited for, now and then."""

    def __init__(self):
        self.at = time.monotonic() + 5

    def tick(self, servers, run=None):
        if time.monotonic() < self.at:
            return
        self.at = time.monotonic() + WAITING_S
        text = waiting_text(servers, run)
        if text is not None:
            say(text)


def wait_for_places(plan, servers, stopping):
    """The run begins when there is a place for a server of each kind: its own wait for them is short."""
    waiter = Waiter()
    while not stopping.is_set() and not has_each_kind(plan, servers):
        waiter.tick(servers)
        tend(servers)
        stopping.wait(1)


def lost_kind(servers):
    """A kind of which every server has given up; None where there is none."""
    for kind in {server.kind["folder"]: server.kind for server in servers}.values():
        if all(server.again_at is not None for server in servers if server.kind is kind):
            return kind
    return None


def tend(servers):
    """A server that gave up is placed anew after a while, perhaps elsewhere: its node may be at fault."""
    for server in servers:
        if server.again_at is not None:
            if time.monotonic() < server.again_at:
                continue
            ray.kill(server.actor)
            server.start()
            continue
        ready, _ = ray.wait([server.code], timeout=0)
        if ready:
            say(f"{server.name} gave up with exit code {ray.get(server.code)}; see above")
            server.again_at = time.monotonic() + SERVER_AGAIN_S


def follow(run, servers, stopping):
    """The exit code of the run, or why it was ended."""
    waiter = Waiter()
    while not stopping.is_set():
        ready, _ = ray.wait([run.code], timeout=1)
        if ready:
            return ray.get(run.code)
        tend(servers)
        lost = lost_kind(servers)
        if lost is not None:
            say(f"found that no server of {', '.join(lost['models'])} can be started, expected one; the run is ended, see above for why")
            return EXIT_MODEL
        waiter.tick(servers, run)
    return EXIT_CANCELLED


def end(processes):
    """Lets the processes end by themselves."""
    codes = [each.code for each in processes if each.again_at is None]
    for each in processes:
        each.actor.stop.remote()
    if codes:
        ray.wait(codes, num_returns=len(codes), timeout=STOP_S)


def place(plan, mark, stopping):
    check_nodes(plan, mark)
    servers = start_servers(plan, mark)
    try:
        wait_for_places(plan, servers, stopping)
        if stopping.is_set():
            return EXIT_CANCELLED
        run = Placed("run", plan["run"], {"num_cpus": 1}, plan, mark)
        try:
            return follow(run, servers, stopping)
        finally:
            end([run])
    finally:
        end(servers)


def write_marks(plan, mark):
    for folder in plan["folders"]:
        try:
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, mark), "w"):
                pass
        except OSError as problem:
            raise Misplaced(
                f"found that node {node_address()} cannot write into {folder} ({problem.strerror}), expected a folder that all nodes share"
            )


def remove_marks(plan, mark):
    for folder in plan["folders"]:
        try:
            os.remove(os.path.join(folder, mark))
        except OSError:
            pass


def main():
    plan = json.loads(os.environ["SCALEQUEST_RAY_PLAN"])
    mark = f".ray-{plan['job']}"
    ray.init(address="auto", log_to_driver=True, logging_level="warning")
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    try:
        write_marks(plan, mark)
        return place(plan, mark, stopping)
    except Misplaced as problem:
        say(str(problem))
        return EXIT_IO
    finally:
        remove_marks(plan, mark)
        # What the processes said last comes by way of files that Ray reads now and then.
        time.sleep(1)


sys.exit(main())
