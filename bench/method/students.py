"""Tunes a student on a set and tests it on held-out problems. Students of all sets take equally many steps."""

import math
import platform
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
from weights import DEVICE

RATE = 0.3  # factor on the learning rates of optimiser.py
WARMUP = 0.03
TEST_SEEDS = {"seen": 888_001_000, "unseen": 888_002_000}  # far from those of any training


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


def accuracies(model, tests):
    """Of each test the share of the problems whose greedy answer is right."""
    bench = evaluate.Bench(model, roles.Codec(), DEVICE)
    replies = iter(bench.solve([problem["question"] for problems in tests.values() for problem in problems], 0, 1))
    found = {}
    for name, problems in tests.items():
        found[name] = sum(evaluate.boxed(next(replies)) == problem["answer"] for problem in problems) / len(problems)
    return found


def tests_of(count, seed):
    """Each seed has test problems of its own, so that an interval over seeds covers the choice of problems too."""
    return {name: split.problems(first + seed, count, name == "unseen") for name, first in TEST_SEEDS.items()}


def device_name():
    if DEVICE.type == "cuda":
        return torch.cuda.get_device_name()
    return f"{platform.machine()} CPU, {torch.get_num_threads()} thread"


def student(folder, rows, seed, steps, batch, tests):
    began = time.time()
    model, losses = tune(folder, rows, seed, steps, batch)
    found = accuracies(model, tests)
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
