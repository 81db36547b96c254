"""What a ladder is made with: two sizes, each of whose numbers an argument can change; kept beside the results, which they decide."""

import argparse
import json
import shutil
from pathlib import Path

import weights

# Of the whole method; which of them run besides `generate` and `respond` makes a rung.
STEPS = ["deduplicate", "filterLanguage", "judgeSolvability", "scoreDifficulty", "sampleDifficulty"]
STEPS += ["filterAnswered", "scoreReward", "keepBest"]
RUNGS = {"raw": 0, "filtered": 2, "judge": 3, "difficulty": 5, "reward": 8}
# Of the solver's own questions hardly any pass all filters.
GENERATORS = {"tiny": list(RUNGS), "solver": ["raw"], "qft": ["raw", "reward"], "qpo": ["raw", "reward"]}

SIZES = {
    # `batch`: rows of 512 tokens in a step of a student; `tuned`: examples in a step of a generator.
    "full": {
        **{"sizes": [10_000, 30_000, 100_000], "seeds": [1, 2, 3, 4, 5], "steps": 800, "batch": 128},
        **{"questions": 15_000, "pairs": 10_000, "tuned": 128, "held_out": 2000, "parallel": 6, "served": True},
    },
    "tiny": {
        **{"sizes": [12, 40], "seeds": [1, 2], "steps": 3, "batch": 2},
        **{"questions": 160, "pairs": 24, "tuned": 16, "held_out": 8, "parallel": 1, "served": False},
    },
}
# What may change from one call to the next: how it runs, not what comes out. More seeds and sizes only add lines.
FREE = {"out", "stage", "parallel", "seconds", "node", "size", "generators", "seeds", "port", "models"}


def arguments():
    p = argparse.ArgumentParser(description="What is each part of the method worth to a student? See README.md.")
    p.add_argument("--out", type=Path, default=Path("runs/method"))
    p.add_argument("--size", choices=list(SIZES), default="full", help="tiny: a CPU, to see that it works")
    p.add_argument("--stage", choices=["all", "tune", "sets", "students", "report"], default="all")
    p.add_argument("--generators", nargs="+", choices=list(GENERATORS), default=list(GENERATORS))
    p.add_argument("--sizes", type=int, nargs="+", help="rows of a training set")
    p.add_argument("--seeds", type=int, nargs="+", help="of the students: start, rows, order, test problems")
    p.add_argument("--steps", type=int, help="of each student, whatever the size of its set")
    p.add_argument("--batch", type=int, help="rows of 512 tokens in a step")
    p.add_argument("--questions", type=int, help="for question fine-tuning")
    p.add_argument("--pairs", type=int, help="for question preference optimisation")
    p.add_argument("--tuned", type=int, help="questions or pairs in a step of tuning a generator")
    p.add_argument("--held-out", type=int, help="test problems of a seed of wordings in the sets, and as many of others")
    p.add_argument("--parallel", type=int, help="servers, and runs beside each other")
    p.add_argument("--seconds", type=float, default=float("inf"), help="begin no student after so many")
    p.add_argument("--port", type=int, default=8101, help="of the first server")
    p.add_argument("--node", default="node")
    args = p.parse_args()
    for name, value in SIZES[args.size].items():
        if getattr(args, name, None) is None:
            setattr(args, name, value)
    args.out = args.out.resolve()
    args.models = args.out / "models"
    return args


def begin(args):
    """Makes the folder, or goes on in it: results of other settings are never mixed."""
    args.models.mkdir(parents=True, exist_ok=True)
    path = args.out / "settings.json"
    wanted = {name: value for name, value in vars(args).items() if name not in FREE}
    # The pool of rows is drawn once, for the largest set.
    wanted["sizes"] = max(args.sizes)
    if path.exists() and (found := json.loads(path.read_text())) != wanted:
        raise SystemExit(f"{path} has {found}, this call {wanted}: give the same, or another --out")
    write_json(path, wanted)
    if args.size == "tiny":
        # There is no time to train base models on a CPU. The rewriter writes neither questions nor answers of its own.
        for name in ("solver", "student"):
            if not (args.models / f"{name}.gguf").exists():
                shutil.copy(weights.MODELS / "rewriter.gguf", args.models / f"{name}.gguf")


def write_json(path, value):
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1) + "\n")
    part.rename(path)
