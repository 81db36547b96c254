"""What is each part of the method worth to a student? See README.md.

python bench/method/base.py --out runs/method/models            # the starting points, three minutes of GPU
python bench/method/ladder.py --out runs/method                 # everything else; the same command goes on after a stop
python bench/method/ladder.py --out runs/method --stage report  # the tables and pictures of what there is
python bench/method/ladder.py --out runs/tiny --size tiny       # all of it on a CPU, to see that it works
"""

import json
import random
import time

import report
import split  # first: it makes models/ importable
import students
import tune
import world
from pipelines import HERE, ROOT, beside, scalequest, servers, settings_of, truth
from settings import GENERATORS, RUNGS, STEPS, arguments, begin, write_json

SEED = 1  # of the pools of rows and of the generators' tuning; the students' seeds are many
DRAWN = 20  # questions at most for each row that is wanted


# ---- tuning the generators -----------------------------------------------------------------------


def write_questions(path, count):
    """Sound questions, none of which holds a wording that students are tested on."""
    rng = random.Random(1000 + SEED)
    drawn = (split.seen_question(lambda: world.sample_sound(rng).question) for _ in range(count))
    path.write_text("".join(json.dumps({"question": question}) + "\n" for question in drawn))


def tune_qft(args):
    questions, run = args.out / "questions.jsonl", args.out / "runs/tune-qft"
    write_questions(questions, args.questions)
    scalequest(args.node, ROOT / "pipelines/qft.yaml", run, [f"seed={SEED}"], QUESTIONS=questions)
    return tune.qft(args.models, "solver", run, "qft", SEED, args.tuned)


def tune_qpo(args):
    run = args.out / "runs/tune-qpo"
    settings = [f"seed={SEED}", f"target={args.pairs}", f"limit={DRAWN * args.pairs}"]
    settings += [f"source.windowRows={window(args.pairs)}"]

    def job(url):
        models = settings_of(args, url, generator="qft", rewriter="rewriter", tiny="tiny")
        scalequest(args.node, HERE / "qpo.yaml", run, [*settings, *models])

    with servers(args, 1) as ports:
        beside(ports, [job])
    return tune.qpo(args.models, "qft", run, "qpo", SEED, args.tuned)


def tune_stage(args):
    for name, make in {"qft": tune_qft, "qpo": tune_qpo}.items():
        if name in args.generators and not (args.models / f"{name}.safetensors").exists():
            began = time.time()
            keep(args, f"tuning-{name}", make(args))
            print(f"{name}: {time.time() - began:.0f} s", flush=True)


# ---- training sets -------------------------------------------------------------------------------


def window(rows):
    return min(8192, 64 + rows)


def pool_rows(args):
    """Twice the largest set: rows with wordings of the test are left out, about a sixth, and each seed draws its own rows."""
    return 2 * max(args.sizes)


def make_pools(args, generator):
    """The rungs of one generator share a store, so that no reply is asked for twice."""

    def job(url):
        for rung in GENERATORS[generator]:
            began, run = time.time(), args.out / f"runs/{generator}-{rung}"
            rows, column = pool_rows(args), "response" if rung == "reward" else "responses"
            settings = [f"steps.{step}.enabled=false" for step in STEPS[RUNGS[rung] :]]
            settings += [f"seed={SEED}", f"target={rows}", f"limit={DRAWN * rows}", f"source.windowRows={window(rows)}"]
            settings += [] if rung == "reward" else ["steps.respond.n=1"]
            settings += [f"output.columns=[question, {column}]"]
            settings += settings_of(args, url, generator=generator, tiny="tiny")
            scalequest(args.node, HERE / "method.yaml", run, settings)
            truth(args.node, run, column)
            print(f"{generator} {rung}: {time.time() - began:.0f} s", flush=True)

    return job


def sets_stage(args):
    with servers(args, args.parallel) as ports:
        beside(ports, [make_pools(args, generator) for generator in args.generators])


def pool_of(args, generator, rung, tested):
    """The rows of a rung without those that hold a wording or a problem of the tests."""
    path = args.out / f"runs/{generator}-{rung}.jsonl"
    rows = [row for row in tune.read_lines(path) if not split.is_unseen(row["question"])]
    return [row for row in rows if row["question"] not in tested]


# ---- students ------------------------------------------------------------------------------------


def sets_of(args):
    """(generator, rung, name): the set of each rung, and for each filter its control: as many rows of the rung before
    it, so that the filter's rows are dropped by chance. A set and its control are two draws of equal size."""
    for generator in args.generators:
        for rung in GENERATORS[generator]:
            yield generator, rung, "set"
            if generator == "tiny" and rung != "raw":
                yield generator, rung, "control"


def drawn(pools, generator, rung, name, size, seed):
    """The rows of a student, or None where a rung has too few: each seed draws its own."""
    before = list(RUNGS)[list(RUNGS).index(rung) - 1]
    pool = pools[generator, before if name == "control" else rung]
    rng = random.Random(f"{name} {seed}")
    return rng.sample(pool, size) if len(pool) >= size else None


def students_stage(args):
    began, path = time.time(), args.out / "students.jsonl"
    done = {key_of(line) for line in tune.read_lines(path)} if path.exists() else set()
    tests = {seed: students.tests_of(args.held_out, seed) for seed in args.seeds}
    tested = {problem["question"] for by_name in tests.values() for each in by_name.values() for problem in each}
    pools = {(g, rung): pool_of(args, g, rung, tested) for g in args.generators for rung in GENERATORS[g]}
    # Seed by seed, so that what a stop leaves is whole ladders.
    for seed in args.seeds:
        for size in args.sizes:
            for generator, rung, name in sets_of(args):
                line = {"generator": generator, "rung": rung, "name": name, "size": size, "seed": seed}
                if key_of(line) in done:
                    continue
                mine = drawn(pools, generator, rung, name, size, seed)
                if mine is None:
                    print(f"{generator} {rung} {name}: fewer than {size} rows", flush=True)
                    continue
                if time.time() - began > args.seconds:
                    return print("stopped in time; the same command goes on", flush=True)
                line |= students.shares(mine)
                line |= students.student(args.models, mine, seed, args.steps, args.batch, tests[seed])
                with path.open("a") as out:
                    out.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)


def key_of(line):
    return tuple(line[key] for key in ("generator", "rung", "name", "size", "seed"))


# ---- results -------------------------------------------------------------------------------------


def report_stage(args):
    lines = tune.read_lines(args.out / "students.jsonl")
    text = report.write(lines, args.out)
    print(text)
    keep(args, "students", lines)
    keep(args, "device", students.device_name())


def keep(args, name, value):
    """Adds to results.json."""
    path = args.out / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    write_json(path, {**results, name: value})


def main():
    args = arguments()
    begin(args)
    stages = {"tune": tune_stage, "sets": sets_stage, "students": students_stage, "report": report_stage}
    for name, stage in stages.items():
        if args.stage in ("all", name):
            began = time.time()
            stage(args)
            print(f"{name}: {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
