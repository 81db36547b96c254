"""Which wordings no student reads. Students are tested on problems of the wordings that they read, and on these.

Each sentence of a family has two forms. Three families of ten keep one form of one sentence for the test: rows of training sets
that hold it are left out, and the student's base never reads it.
"""

import random
import re

import weights  # first: it makes models/ importable
import world

SEED = 2718
SHARE = 0.3  # of the families
LITERAL_MIN = 14  # characters: a form is found by what stands between its slots


def literals(form):
    return [part for part in re.split(r"\{\w+\}", form) if part]


def choose():
    """Pairs of a family and the form of one of its sentences that is kept for the test."""
    rng = random.Random(SEED)
    for family in rng.sample(world.WORLD, round(SHARE * len(world.WORLD))):
        forms = [form for group in family.text for form in group]
        found = [form for form in forms if max(map(len, literals(form))) >= LITERAL_MIN]
        yield family, rng.choice(found)


UNSEEN = list(choose())
PARTS = [literals(form) for _, form in UNSEEN]


def holds(question, parts):
    at = 0
    for part in parts:
        at = question.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def is_unseen(question):
    return any(holds(question, parts) for parts in PARTS)


def reworded(problem, form):
    group = next(i for i, forms in enumerate(problem.family.text) if form in forms)
    wording = [form if i == group else text for i, text in enumerate(problem.wording)]
    return world.fill(wording, problem.values)


def problems(seed, count, unseen):
    """Sound problems that no training set draws: questions with their answers."""
    rng, found = random.Random(seed), []
    while len(found) < count:
        if unseen:
            family, form = rng.choice(UNSEEN)
            problem = world.sample_sound(rng, family)
            found.append({"question": reworded(problem, form), "answer": problem.answer})
        else:
            problem = world.sample_sound(rng)
            if not is_unseen(problem.question):
                found.append({"question": problem.question, "answer": problem.answer})
    return found


def seen_question(draw):
    """Draws until a question holds no form of the test."""
    while is_unseen(question := draw()):
        pass
    return question
