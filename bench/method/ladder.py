"""What is each part of the method worth to a student? See README.md.

python bench/method/base.py --out runs/method/models            # the starting points, three minutes of GPU
python bench/method/ladder.py --out runs/method                 # everything else; the same command goes on after a stop
python bench/method/ladder.py --out runs/method --stage report  # the tables and pictures of what there is
python bench/method/ladder.py --out runs/method --smoke         # CPU, to see that it works
"""

import argparse
import json
import random
import time
from pathlib import Path

import report
import split  # first: it makes models/ importable
import students
import tune
import world
from pipelines import HERE, ROOT, beside, scalequest, servers, truth

STEPS = ["deduplicate", "filterLanguage", "judgeSolvability", "scoreDifficulty", "sampleDifficulty"]
STEPS += ["filterAnswered", "scoreReward", "keepBest"]
# Which of them run besides `generate` and `respond`.
RUNGS = {"raw": 0, "filtered": 2, "judge": 3, "difficulty": 5, "reward": 8}
# Of the solver's own questions hardly any pass all filters.
GENERATORS = {"tiny": list(RUNGS), "solver": ["raw"], "qft": ["raw", "reward"], "qpo": ["raw", "reward"]}
SEED = 1  # of the sets; the students' seeds are many


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--out", type=Path, default=Path("runs/method"))
    p.add_argument("--stage", choices=["all", "tune", "sets", "students", "report"], default="all")
    p.add_argument("--generators", nargs="+", choices=list(GENERATORS), default=list(GENERATORS))
    p.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000], help="rows of a training set")
    p.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], help="of the students")
    p.add_argument("--steps", type=int, default=800, help="of each student, whatever the size of its set")
    p.add_argument("--batch", type=int, default=128, help="rows of 512 tokens in a step")
    p.add_argument("--questions", type=int, default=15_000, help="for question fine-tuning")
    p.add_argument("--pairs", type=int, default=10_000, help="for question preference optimisation")
    p.add_argument("--held-out", type=int, default=2000, help="test problems of wordings in the sets, and as many of others")
    p.add_argument("--parallel", type=int, default=6, help="servers, and runs beside each other")
    p.add_argument("--seconds", type=float, default=float("inf"), help="begin no student after so many")
    p.add_argument("--node", default="node")
    p.add_argument("--smoke", action="store_true", help="tiny numbers")
    args = p.parse_args()
    if args.smoke:
        args.sizes, args.seeds, args.steps, args.batch = [6, 12], [1, 2], 2, 1
        args.questions, args.pairs, args.held_out, args.parallel = 24, 8, 4, 1
    args.out = args.out.resolve()
    args.models = args.out / "models"
    args.rows = max(args.sizes)
    return args


# ---- tuning the generators -----------------------------------------------------------------------


def write_questions(path, count):
    """Sound questions, none of which holds a wording that students are tested on."""
    rng = random.Random(1000 + SEED)
    drawn = (split.seen_question(lambda: world.sample_sound(rng).question) for _ in range(count))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"question": question}) + "\n" for question in drawn))


def tune_qft(args):
    questions, run = args.out / "questions.jsonl", args.out / "runs/tune-qft"
    write_questions(questions, args.questions)
    scalequest(args.node, ROOT / "pipelines/qft.yaml", run, [f"seed={SEED}"], QUESTIONS=questions)
    return tune.qft(args.models, "solver", run, "qft", SEED)


def tune_qpo(args):
    run = args.out / "runs/tune-qpo"
    settings = [f"seed={SEED}", f"target={args.pairs}", f"source.windowRows={window(args.pairs)}"]
    with servers(1, args.models) as ports:
        beside(ports, [lambda url: scalequest(args.node, HERE / "qpo.yaml", run, settings, SERVER_URL=url)])
    return tune.qpo(args.models, "qft", run, "qpo", SEED)


def tune_stage(args):
    for name, make in {"qft": tune_qft, "qpo": tune_qpo}.items():
        if name in args.generators and not (args.models / f"{name}.safetensors").exists():
            keep(args, f"tuning-{name}", make(args))


# ---- training sets -------------------------------------------------------------------------------


def window(rows):
    return min(8192, 64 + rows)


def drawn_rows(args):
    """More than the largest set: rows with wordings of the test are left out of it, about a sixth."""
    return args.rows + args.rows // 3


def make_sets(args, generator):
    """The rungs of one generator share a store, so that no reply is asked for twice."""

    def job(url):
        for rung in GENERATORS[generator]:
            began, run = time.time(), args.out / f"runs/{generator}-{rung}"
            rows, column = drawn_rows(args), "response" if rung == "reward" else "responses"
            settings = [f"steps.{step}.enabled=false" for step in STEPS[RUNGS[rung] :]]
            settings += [f"seed={SEED}", f"target={rows}", f"limit={20 * rows}", f"source.windowRows={window(rows)}"]
            settings += [] if rung == "reward" else ["steps.respond.n=1"]
            settings += [f"output.columns=[question, {column}]"]
            scalequest(args.node, HERE / "method.yaml", run, settings, SERVER_URL=url, GENERATOR=generator)
            truth(args.node, run, column)
            print(f"{generator} {rung}: {time.time() - began:.0f} s", flush=True)

    return job


def sets_stage(args):
    with servers(args.parallel, args.models) as ports:
        beside(ports, [make_sets(args, generator) for generator in args.generators])


def rows_of(args, generator, rung):
    path = args.out / f"runs/{generator}-{rung}.jsonl"
    return [row for row in tune.read_lines(path) if not split.is_unseen(row["question"])]


# ---- students ------------------------------------------------------------------------------------


def drawn(rows, size, name, seed):
    """The first rows, which all seeds share; a control draws as many by chance, others for each seed."""
    return random.Random(seed).sample(rows, size) if name == "control" else rows[:size]


def sets_of(args):
    """Generator, rung, and whether it is a control: the rung before a filter, with as many rows dropped by chance."""
    for generator in args.generators:
        for rung in GENERATORS[generator]:
            yield generator, rung, "set"
        if generator == "tiny":
            yield from ((generator, rung, "control") for rung in list(RUNGS)[:-1])


def students_stage(args):
    began, path = time.time(), args.out / "students.jsonl"
    done = {key_of(line) for line in tune.read_lines(path)} if path.exists() else set()
    tests = students.tests_of(args.held_out)
    # Seed by seed, so that what a stop leaves is whole ladders.
    for seed in args.seeds:
        for generator, rung, name in sets_of(args):
            rows = rows_of(args, generator, rung)
            for size in args.sizes:
                line = {"generator": generator, "rung": rung, "name": name, "size": size, "seed": seed}
                if key_of(line) in done or len(rows) < size:
                    continue
                if time.time() - began > args.seconds:
                    return print("stopped in time; the same command goes on", flush=True)
                mine = drawn(rows, size, name, seed)
                line |= students.shares(mine)
                line |= students.student(args.models, mine, seed, args.steps, args.batch, tests)
                with path.open("a") as out:
                    out.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)


def key_of(line):
    return tuple(line[key] for key in ("generator", "rung", "name", "size", "seed"))


# ---- results -------------------------------------------------------------------------------------


def report_stage(args):
    report.write(tune.read_lines(args.out / "students.jsonl"), args.out)


def keep(args, name, value):
    """Adds to results.json."""
    path = args.out / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results[name] = value
    path.write_text(json.dumps(results, indent=1) + "\n")


def main():
    args = arguments()
    stages = {"tune": tune_stage, "sets": sets_stage, "students": students_stage, "report": report_stage}
    for name, stage in stages.items():
        if args.stage in ("all", name):
            began = time.time()
            stage(args)
            print(f"{name}: {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
