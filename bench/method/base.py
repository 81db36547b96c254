"""The starting points: a base model from plain text, a problem solver made from it, and the base of students.

python bench/method/base.py --out runs/method/models      # one GPU, three minutes
"""

import argparse
import random
import sys
from pathlib import Path

import torch

MODELS = Path(__file__).resolve().parents[2] / "models"
sys.path.insert(0, str(MODELS))

import data  # noqa: E402
import rewrites  # noqa: E402
import roles  # noqa: E402
import split  # noqa: E402
import train_rewriter  # noqa: E402
import world  # noqa: E402
from model import Model, Shape  # noqa: E402

FLAWED = 0.45  # of the questions in the base model's text: much worse than what the bundled model saw
CHAT = 0.3  # of its documents are dialogues
SUMS = 0.5  # of the documents of the students' base
NOT_SOUND = {kind: weight for kind, weight in rewrites.KINDS.items() if kind != "sound"}


class Documents:
    """What a base model reads: questions, good and bad, mostly with a pupil's solution (42 % hold a slip), as plain
    text or as a dialogue. Every token counts."""

    def __init__(self, seed):
        self.codec, self.rng = roles.Codec(), random.Random(seed)

    def draw(self):
        codec, rng = self.codec, self.rng
        is_chat = rng.random() < CHAT
        if rng.random() < FLAWED:
            question, solution = rewrites.draw(rng, NOT_SOUND)[1], None
        else:
            problem = world.sample_sound(rng)
            question, solution = problem.question, world.slipped(problem, rng)
        if is_chat and solution is not None:
            ids = codec.prompt(question) + codec.encode(solution) + [codec.end]
        elif is_chat:
            ids = codec.head + codec.encode(question) + [codec.end]
        else:
            text = question if solution is None else f"{question}\n{solution}"
            ids = [codec.pad] + codec.encode(text) + [codec.pad]
        return ids, [0.0] + [1.0] * (len(ids) - 1)


class Untaught:
    """What the students' base reads: questions without their solutions, as plain text or as the opening of a dialogue, and lines of
    sums. It never sees a problem solved, nor a wording that the students are tested on."""

    def __init__(self, seed):
        self.codec, self.rng = roles.Codec(), random.Random(seed)

    def draw(self):
        codec, rng = self.codec, self.rng
        way = rng.random()
        if way < SUMS:
            ids = [codec.pad] + codec.encode("\n".join(self.sum() for _ in range(8))) + [codec.pad]
        else:
            question = codec.encode(split.seen_question(lambda: world.corpus_question(rng)))
            ids = codec.head + question + [codec.end] if way < SUMS + CHAT else [codec.pad] + question + [codec.pad]
        return ids, [0.0] + [1.0] * (len(ids) - 1)

    def sum(self):
        """One step of any problem, without its words."""
        problem = world.sample_sound(self.rng)
        return world.equation(self.rng.choice(problem.family.steps), problem.values)


class Solving:
    """Instruction tuning: worked solutions alone count."""

    def __init__(self, seed):
        self.codec = roles.Codec()
        self.source = data.Source(self.codec, random.Random(seed))

    def draw(self):
        return self.source.solve()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=float, default=110, help="base model")
    p.add_argument("--solver-seconds", type=float, default=25)
    p.add_argument("--student-seconds", type=float, default=40, help="the base of students")
    p.add_argument("--rows", type=int, default=256)
    p.add_argument("--workers", type=int, default=12)
    p.add_argument("--seed", type=int, default=5)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--smoke", action="store_true", help="a tiny run on the CPU")
    args = p.parse_args()
    if args.smoke:
        args.student_seconds, args.seconds, args.solver_seconds = 10, 10, 10
        args.rows, args.workers = 2, 1
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(args.seed)
    model = Model(Shape()).to(device)
    parts = [
        ("student", Untaught, args.student_seconds, 1.0),
        ("base", Documents, args.seconds, 1.0),
        ("solver", Solving, args.solver_seconds, 0.3),
    ]
    for stage, (name, source, seconds, rate) in enumerate(parts):
        if seconds == 0:
            continue
        if name == "base":
            model = Model(Shape()).to(device)
        sources = [source((args.seed * 10 + stage) * 1000 + i) for i in range(args.workers)]
        train_rewriter.train(model, sources, args.rows, seconds, rate, device, name, not args.smoke)
        train_rewriter.save(model, args.out / f"{name}.safetensors")


if __name__ == "__main__":
    main()
