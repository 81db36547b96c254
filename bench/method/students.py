"""Tunes a student on a set and tests it on held-out problems. Students of all sets take equally many steps."""

import math
import random
import time

import torch

import split  # first: it makes models/ importable
import evaluate
import roles
import train_rewriter
import weights
from model import Shape
from optimiser import Both
from train import WIDTH, to_device

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
RATE = 0.3  # factor on the learning rates of optimiser.py
WARMUP = 0.03
TEST_SEEDS = {"seen": 888_001, "unseen": 888_002}  # far from those of any training


class Epochs:
    """The examples of a set in a new order each epoch, endlessly."""

    def __init__(self, examples, seed):
        self.codec, self.examples, self.rng, self.order = roles.Codec(), examples, random.Random(seed), []

    def draw(self):
        if not self.order:
            self.order = self.rng.sample(range(len(self.examples)), len(self.examples))
        return self.examples[self.order.pop()]


def examples_of(rows):
    codec = roles.Codec()
    found = (roles.example(codec, roles.solver_prompt(row["question"]), row["response"]) for row in rows)
    return [example for example in found if len(example[0]) <= WIDTH]


def shape_of(progress):
    return min(1, progress / WARMUP) * 0.5 * (1 + math.cos(math.pi * progress))


def tune(folder, rows, seed, steps, batch):
    """The student's base after so many steps on the rows; returns it with its losses."""
    torch.manual_seed(seed)
    model = weights.load(folder, "student").to(DEVICE)
    optimiser, losses = Both(model, torch.nn.Module()), []
    loss_of = torch.compile(train_rewriter.loss_of) if DEVICE.type == "cuda" else train_rewriter.loss_of
    feed = train_rewriter.batches([Epochs(examples_of(rows), seed)], batch)
    for step in range(steps):
        ids, kept, positions, mask, _ = to_device(next(feed), DEVICE)
        with torch.autocast(DEVICE.type, torch.bfloat16):
            loss = loss_of(model, ids, kept, positions, mask)
        loss.backward()
        optimiser.step(RATE * shape_of((step + 1) / steps))
        optimiser.zero()
        losses.append(loss.detach())
    feed.close()
    return model.eval(), torch.stack(losses).float().tolist()


def accuracy(model, problems):
    """Share of the problems whose greedy answer is right."""
    bench = evaluate.Bench(model, roles.Codec(), DEVICE)
    replies = bench.solve([problem["question"] for problem in problems], 0, 1)
    right = sum(evaluate.boxed(text) == problem["answer"] for text, problem in zip(replies, problems))
    return right / len(problems)


def tests_of(count):
    return {name: split.problems(seed, count, name == "unseen") for name, seed in TEST_SEEDS.items()}


def student(folder, rows, seed, steps, batch, tests):
    began = time.time()
    model, losses = tune(folder, rows, seed, steps, batch)
    found = {name: accuracy(model, problems) for name, problems in tests.items()}
    tail = max(1, len(losses) // 20)
    return {
        **{"rows": len(rows), "steps": steps, "loss": round(sum(losses[-tail:]) / tail, 4)},
        **{name: round(value, 5) for name, value in found.items()},
        "seconds": round(time.time() - began, 1),
    }


def shares(rows):
    """What the exact solver says of a set: solvable questions, right answers of all, and of the solvable ones."""
    solvable = [row for row in rows if row["answer"] is not None]
    right = sum(evaluate.boxed(row["response"]) == row["answer"] for row in solvable)
    return {
        "solvable": len(solvable) / len(rows),
        "right": right / len(rows),
        "rightOfSolvable": right / max(1, len(solvable)),
    }


assert WIDTH == Shape.context
