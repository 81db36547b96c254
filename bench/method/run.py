"""The loop of the method, closed in miniature; see README.md.

python bench/method/run.py --out runs/method                       # a GPU, about 20 minutes
python bench/method/run.py --out runs/method --smoke               # CPU, to see that it works
python bench/method/run.py --out runs/method --stage students      # one stage alone: tune, data, students or rates
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import tune
import weights  # makes models/ importable
import evaluate
import roles
import world

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CLI = ROOT / "dist/src/cli/main.js"
PORT = 8101
STEPS = ["deduplicate", "filterLanguage", "judgeSolvability", "scoreDifficulty", "sampleDifficulty"]
STEPS += ["filterAnswered", "scoreReward", "keepBest"]
# Which steps run besides `generate` and `respond`.
VARIANTS = {"raw": 0, "judge": 3, "difficulty": 5, "reward": 8}
LADDER = list(VARIANTS)
ENDS = ["raw", "reward"]


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--out", type=Path, default=Path("runs/method"))
    p.add_argument("--stage", choices=["all", "tune", "data", "students", "rates"], default="all")
    p.add_argument("--generators", nargs="+", default=["bundled", "solver", "qft", "qpo"])
    p.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    p.add_argument("--rows", type=int, default=5000, help="rows of every training set of a student")
    p.add_argument("--questions", type=int, default=15_000, help="questions for QFT")
    p.add_argument("--pairs", type=int, default=10_000, help="pairs for QPO")
    p.add_argument("--probes", type=int, default=1000, help="sound questions whose difficulty is measured")
    p.add_argument("--held-out", type=int, default=800, help="problems that students are tested on")
    p.add_argument("--parallel", type=int, default=6, help="servers, and runs beside each other")
    p.add_argument("--node", default="node")
    p.add_argument("--smoke", action="store_true", help="tiny numbers")
    args = p.parse_args()
    if args.smoke:
        args.seeds, args.rows, args.questions, args.pairs = [1], 8, 24, 8
        args.probes, args.held_out, args.parallel = 4, 8, 1
    args.out = args.out.resolve()
    args.models = args.out / "models"
    return args


def scalequest(args, pipeline, run, port, settings, **environment):
    """Runs a pipeline of ours; its own training step is left out, for tune.py trains."""
    command = [args.node, str(CLI), "run", str(pipeline), "--out", str(run), "--set", "train=[]"]
    for setting in settings:
        command += ["--set", setting]
    url = f"http://127.0.0.1:{port}/v1"
    environment = {**os.environ, "SERVER_URL": url, **{k: str(v) for k, v in environment.items()}}
    log = run.with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        code = subprocess.run(command, env=environment, stdout=out, stderr=out, cwd=ROOT).returncode
    if code != 0:
        raise RuntimeError(f"{run.name} ended with {code}: {log.read_text()[-600:]}")


def served(port, name):
    client = f"openai: {{ replicas: ['http://127.0.0.1:{port}/v1'], model: {name}, slots: 1024 }}"
    return f"{{ {client}, template: qwen2-math }}"


def start_servers(args):
    ports = [PORT + i for i in range(args.parallel)]
    command = [sys.executable, str(HERE / "serve.py"), "--folder", str(args.models)]
    servers = [subprocess.Popen([*command, "--port", str(p), "--seed", str(p)]) for p in ports]
    for port in ports:
        wait_for(f"http://127.0.0.1:{port}/health")
    return ports, servers


def wait_for(url):
    for _ in range(240):
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(url)


def beside(ports, jobs):
    """Runs jobs (functions of a port), each with a server of its own; one that fails is told and left out."""
    free = list(ports)

    def one(job):
        port = free.pop()
        try:
            return job(port)
        except Exception as error:  # noqa: BLE001 – the other jobs still count
            print("FAILED", error, flush=True)
            return None
        finally:
            free.append(port)

    with ThreadPoolExecutor(len(ports)) as pool:
        return list(pool.map(one, jobs))


# ---- tuning the generators -----------------------------------------------------------------------


def write_questions(path, seed, count):
    rng = random.Random(1000 + seed)
    lines = [json.dumps({"question": world.sample_sound(rng).question}) for _ in range(count)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def make_qft(args, seed):
    questions, run = args.out / f"questions-{seed}.jsonl", args.out / f"runs/qft-{seed}"
    write_questions(questions, seed, args.questions)
    scalequest(args, ROOT / "pipelines/qft.yaml", run, PORT, [f"seed={seed}"], QUESTIONS=questions)
    return tune.qft(args.models, "solver", run, f"qft-{seed}", seed)


def make_pairs(args, seed):
    def job(port):
        settings = [
            f"models.generator={served(port, f'qft-{seed}')}",
            f"models.rewriter={served(port, 'rewriter')}",
            f"seed={seed}",
            f"target={args.pairs}",
            f"source.windowRows={min(8192, 64 + args.pairs)}",
            "steps.generate.tokensMax=128",
            "steps.rewrite.tokensMax=256",
            "steps.rewrite.prompts.solvability=prompts/rewriteSolvabilityShort.txt",
            "steps.rewrite.prompts.difficulty=prompts/rewriteDifficultyShort.txt",
        ]
        scalequest(args, ROOT / "pipelines/qpo.yaml", args.out / f"runs/qpo-{seed}", port, settings)

    return job


def tune_stage(args):
    report = {f"qft-{seed}": make_qft(args, seed) for seed in args.seeds}
    ports, servers = start_servers(args)
    try:
        beside(ports, [make_pairs(args, seed) for seed in args.seeds])
    finally:
        stop(servers)
    for seed in args.seeds:
        run = args.out / f"runs/qpo-{seed}"
        report[f"qpo-{seed}"] = tune.qpo(args.models, f"qft-{seed}", run, f"qpo-{seed}", seed)
    keep(args, "tuning", report)


def rates_stage(args):
    """How the preference tuning depends on its learning rate: sampled without the framework, for the exact solver."""
    report, seed = {}, args.seeds[0]
    for rate in (1e-5, 2e-4):
        name = f"qpo-{seed}-rate-{rate:g}"
        report[name] = tune.qpo(args.models, f"qft-{seed}", args.out / f"runs/qpo-{seed}", name, seed, rate)
    for name in [f"qft-{seed}", f"qpo-{seed}", *report]:
        bench = evaluate.Bench(tune.load(args.models, name).eval(), roles.Codec(), tune.DEVICE)
        path = args.out / f"samples/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(bench.generate(2 * args.probes), ensure_ascii=False))
    keep(args, "rates", report)


def stop(servers):
    for server in servers:
        server.terminate()
    for server in servers:
        server.wait()


# ---- training sets -------------------------------------------------------------------------------


def chains(args):
    """Seed, model, its name in the table, variants. Of the solver's own questions hardly any pass all filters."""
    kinds = {"bundled": ("tiny", LADDER), "solver": ("solver", ["raw"])}
    kinds |= {"qft": ("qft-{}", ENDS), "qpo": ("qpo-{}", ENDS)}
    for name in args.generators:
        for seed in args.seeds:
            yield seed, kinds[name][0].format(seed), name, kinds[name][1]


def make_sets(args, seed, model, name, variants):
    """The variants of one generator and seed share a store, so that no reply is asked for twice."""

    def job(port):
        folder = args.out / f"runs/{name}-{seed}"
        for variant in variants:
            began, run = time.time(), folder / variant
            off = STEPS[VARIANTS[variant] :]
            settings = [f"steps.{step}.enabled=false" for step in off]
            settings += [f"seed={seed}", f"target={args.rows}", f"limit={20 * args.rows}"]
            settings += [f"source.windowRows={min(8192, 64 + args.rows)}"]
            if variant != "reward":
                settings += ["steps.respond.n=1"]
            column = "response" if variant == "reward" else "responses"
            settings += [f"output.columns=[question, {column}]"]
            scalequest(args, HERE / "method.yaml", run, port, settings, GENERATOR=model)
            truth = args.out / f"sets/{name}-{variant}-{seed}.jsonl"
            truth.parent.mkdir(parents=True, exist_ok=True)
            command = [args.node, str(ROOT / "dist/bench/method/truth.js"), run, truth, column]
            subprocess.run(command, check=True, cwd=ROOT)
            (args.out / f"sets/{name}-{variant}-{seed}.report.json").write_text((run / "report.json").read_text())
            print(f"{name} {variant} {seed}: {time.time() - began:.0f}s", flush=True)

    return job


def data_stage(args):
    ports, servers = start_servers(args)
    try:
        beside(ports, [make_sets(args, *chain) for chain in chains(args)])
    finally:
        stop(servers)


# ---- students ------------------------------------------------------------------------------------


def held_out(args):
    return [row for row in evaluate.load_held_out() if row["kind"] == "sound"][: args.held_out]


def share(rows, is_one):
    return sum(map(is_one, rows)) / len(rows) if rows else None


def is_right(row):
    return row["answer"] is not None and evaluate.boxed(row["response"]) == row["answer"]


def measure_set(args, path, seed, solver):
    rows = tune.read_lines(path)[: args.rows]
    sound = [row for row in rows if row["answer"] is not None]
    return {
        "rows": len(rows),
        "unique": len({row["question"] for row in rows}) / len(rows),
        "solvable": len(sound) / len(rows),
        "difficulty": tune.fail_rate(solver, rows, 8, args.probes),
        "right": share(rows, is_right),
        "rightOfSolvable": share(sound, is_right),
        "student": tune.student(args.models, rows, seed, held_out(args)),
    }


def students_stage(args):
    solver = evaluate.Bench(tune.load(args.models, "tiny").eval(), roles.Codec(), tune.DEVICE)
    sets = {}
    for seed, _, name, variants in chains(args):
        for variant in variants:
            path = args.out / f"sets/{name}-{variant}-{seed}.jsonl"
            if not path.exists():
                print("missing", path.name, flush=True)
                continue
            torch.manual_seed(seed)
            found = measure_set(args, path, seed, solver)
            sets.setdefault(f"{name} {variant}", {})[str(seed)] = found
            print(name, variant, seed, json.dumps(found), flush=True)
            keep(args, "sets", sets)
    untrained = {
        name: tune.accuracy(tune.load(args.models, name), held_out(args)) for name in ("student", "solver", "tiny")
    }
    keep(args, "untrained", untrained)


def keep(args, name, value):
    """Adds to results.json."""
    path = args.out / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results[name] = value
    path.write_text(json.dumps(results, indent=1))


def figure(values, scale=100):
    values = [scale * value for value in values if value is not None]
    if not values:
        return "–"
    spread = statistics.stdev(values) if len(values) > 1 else 0
    return f"{statistics.mean(values):.1f} ± {spread:.1f}"


def table(args):
    results = json.loads((args.out / "results.json").read_text())["sets"]
    print("| set | rows | solvable | difficulty | right answers of solvable | right rows | student |")
    print("|---|---|---|---|---|---|---|")
    for name, by_seed in results.items():
        found = list(by_seed.values())
        columns = [figure([f[key] for f in found]) for key in ("solvable", "difficulty", "rightOfSolvable", "right")]
        student = figure([f["student"]["accuracy"] for f in found])
        print("|", " | ".join([name, str(min(f["rows"] for f in found)), *columns, student]), "|")


def main():
    args = arguments()
    began = time.time()
    stages = {"tune": tune_stage, "data": data_stage, "students": students_stage, "rates": rates_stage}
    for name, stage in stages.items():
        if args.stage == name or (args.stage == "all" and name != "rates"):
            stage(args)
            print(f"{name}: {time.time() - began:.0f}s", flush=True)
    if args.stage in ("all", "students"):
        table(args)


if __name__ == "__main__":
    main()
