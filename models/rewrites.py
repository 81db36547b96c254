"""Questions as a generator writes them, flawed or mixed up, with better versions: what the rewriter learns."""

import re

import roles
import world
from world import FLAWS, WORDS, WORLD, Problem

DIRECTIONS = {"solvability": "rewriteSolvabilityShort", "difficulty": "rewriteDifficultyShort"}
KINDS = {"sound": 35, "numbers": 20, "missing": 9, "no question": 5, "not maths": 5, "language": 6, "mixed up": 25}
MIXED_UP = "The wording is mixed up."


def prompt(direction, question):
    return roles.render(DIRECTIONS[direction], question=question)


def build(family, values, wording):
    """A sound problem, or None."""
    values = dict(values)
    for slot, function in family.derived:
        values[slot] = function(values)
    if world.solve(family, values)[0] is not None or not world.in_range(family, values):
        return None
    return Problem(family, values, wording, world.fill(wording, values), family.answer.format_map(values))


def digits(problem):
    """What `world.slipped` makes slips grow with."""
    return sum(len(str(problem.values[step.name])) for step in problem.family.steps)


def worded(family, rng):
    return [rng.choice(group) for group in family.text]


def larger(number):
    """One digit more: 34 becomes 134. A rule that can be written without arithmetic."""
    return number + 10 ** len(str(number))


# What a number is changed to, in this order: fixed rules, for the likeliest digits of a random choice are always the same.
CHANGES = [larger, lambda n: n // 10, lambda n: 2, lambda n: 5, lambda n: 10]
CHANGES += [lambda n, by=by: n + by for k in range(1, 10) for by in (k, -k)]


def mend_numbers(family, words, wording, values):
    """Changes the first number that is enough by the first rule that is enough; None if none is."""
    shown = " ".join(wording)
    slots = [slot for slot in family.ranges if "{" + slot + "}" in shown]
    for change in CHANGES:
        for slot in slots:
            if change(values[slot]) > 0:
                problem = build(family, {**values, slot: change(values[slot]), **words}, wording)
                if problem is not None:
                    return problem
    return None


def words_of(problem):
    return {slot: problem.values[slot] for slot in problem.family.words}


def harder(problem):
    """The same question with a digit more in all its numbers, else in as many from the left as stay sound, else in one."""
    family, values = problem.family, problem.values
    shown = " ".join(problem.wording)
    slots = [slot for slot in family.ranges if "{" + slot + "}" in shown]
    groups = [slots[:n] for n in range(len(slots), 0, -1)] + [[slot] for slot in slots[1:]]
    for group in groups:
        changed = {slot: larger(values[slot]) for slot in group}
        other = build(family, {**values, **changed}, problem.wording)
        if other is not None and digits(other) > digits(problem):
            return other
    return problem


# ---- flawed questions: question, what is wrong, and a sound problem of the same kind -------------


def sound(rng):
    problem = world.sample_sound(rng)
    return problem.question, world.judge_sound(problem).removesuffix(" Yes"), problem


def numbers(rng):
    """In conflict or not divisible; the mended version keeps the words and most of the numbers."""
    while True:
        family = rng.choice(WORLD)
        words, wording = world.draw_words(family, rng), worded(family, rng)
        for _ in range(8):
            drawn = world.draw_values(family, rng)
            values = dict(drawn)
            slots = [s for s in values if "{" + s + "}" in " ".join(wording)]
            if slots and rng.random() < 0.6:
                slot = rng.choice(slots)
                values[slot] = values[slot] * rng.randint(2, 9) if rng.random() < 0.5 else values[slot] + rng.randint(1, 9)
            flaw, index = world.solve(family, values)
            if flaw is None or any(abs(v) > world.LARGEST for v in values.values()):
                continue
            kept = {s: values[s] for s in family.ranges}
            mended = mend_numbers(family, words, wording, kept)
            if mended is not None:
                reason = world.judge_numbers(family, values, flaw, index).removesuffix(" No")
                return world.fill(wording, {**values, **words}), reason, mended


def missing(rng):
    problem = world.sample_sound(rng)
    family, wording, values = problem.family, problem.wording, dict(problem.values)
    text = " ".join(wording)
    slots = [s for s in [*family.ranges, *(s for s, _ in family.derived)] if re.search(r" \{" + s + r"\} ", text)]
    reason = rng.choice(FLAWS["reasons"]["missing"])
    if slots and rng.random() < 0.6:
        values[rng.choice(slots)] = rng.choice(FLAWS["vague"])
        return world.fill(wording, values), reason, problem
    shown = list(wording)
    del shown[rng.randrange(len(shown) - 1)]
    return world.fill(shown, values), reason, problem


def no_question(rng):
    problem = world.sample_sound(rng)
    question = world.fill(problem.wording[:-1], problem.values)
    return question, rng.choice(FLAWS["reasons"]["no question"]), problem


def from_template(templates, reason):
    """Texts that are no problem at all: the better version is any sound one that takes up their words."""

    def draw(rng):
        question = world.sample_template(templates, rng)
        seen = set(re.findall(r"[A-Za-z]+", question))
        problem = world.sample_sound(rng)
        words = words_of(problem)
        for slot, kind in problem.family.words.items():
            said = [w for w in WORDS[kind] if w in seen and w not in words.values()]
            words[slot] = said[0] if said else words[slot]
        mended = build(problem.family, {**problem.values, **words}, problem.wording)
        return question, rng.choice(FLAWS["reasons"][reason]), mended

    return draw


PLAIN = sorted({w for f in WORLD for group in f.text for text in group for w in text.split() if "{" not in w})


def mixed_up(rng):
    """Slips of a weak generator: words swapped, dropped, doubled, sentences of another problem, an early end."""
    problem = world.sample_sound(rng)
    question = problem.question
    for _ in range(1 + (rng.random() < 0.3)):
        question = rng.choice(MIXERS)(problem, question, rng)
    return question, MIXED_UP, problem


def other_word(problem, question, rng):
    slots = [s for s in problem.family.words if question.count(str(problem.values[s])) > 1]
    if not slots:
        return drop_words(problem, question, rng)
    slot = rng.choice(slots)
    word = problem.values[slot]
    places = [m.start() for m in re.finditer(re.escape(word), question)][1:]
    at = rng.choice(places)
    return question[:at] + rng.choice(WORDS[problem.family.words[slot]]) + question[at + len(word) :]


def same_word(problem, question, rng):
    """Two people or things become one."""
    words = list(problem.family.words.items())
    pairs = [(a, b) for a, kind in words for b, other in words if a != b and kind == other]
    if not pairs:
        return other_word(problem, question, rng)
    a, b = rng.choice(pairs)
    return question.replace(str(problem.values[b]), str(problem.values[a]))


def drop_words(problem, question, rng):
    parts = question.split()
    at = rng.randrange(len(parts))
    del parts[at : at + rng.randint(1, 3)]
    return " ".join(parts) or question


def swap_words(problem, question, rng):
    parts = question.split()
    parts[rng.randrange(len(parts))] = rng.choice(PLAIN)
    return " ".join(parts)


def foreign_sentence(problem, question, rng):
    """One sentence is of another problem."""
    other = world.sample_sound(rng)
    wording = list(problem.wording)
    at = rng.randrange(len(wording))
    wording[at] = None
    theirs = rng.choice(other.wording).format_map(other.values)
    return " ".join(theirs if text is None else text.format_map(problem.values) for text in wording)


def early_end(problem, question, rng):
    parts = question.split()
    return " ".join(parts[: rng.randint(max(1, len(parts) // 3), len(parts))])


def doubled(problem, question, rng):
    wording = list(problem.wording)
    at = rng.randrange(len(wording))
    wording.insert(rng.randrange(len(wording) + 1), wording[at])
    return world.fill(wording, problem.values)


MIXERS = [other_word, other_word, same_word, drop_words, swap_words, foreign_sentence, early_end, doubled]
MAKERS = {
    "sound": sound,
    "numbers": numbers,
    "missing": missing,
    "no question": no_question,
    "not maths": from_template(FLAWS["notMaths"], "not maths"),
    "language": from_template(FLAWS["foreign"], "language"),
    "mixed up": mixed_up,
}


def draw(rng, kinds=KINDS):
    """Returns the kind, the question, what the check says, and a sound problem or None."""
    kind = rng.choices(list(kinds), list(kinds.values()))[0]
    while (made := MAKERS[kind](rng))[2] is None:
        pass
    return kind, *made


def workings(problem):
    """The equations that show whether the data fit, as the judge writes them; none where nothing can go wrong."""
    steps = problem.family.steps
    last = max((i + 1 for i, step in enumerate(steps) if step.risky), default=0)
    return world.attempt(problem.family, problem.values, last)


def reply(direction, kind, check, problem):
    if direction == "difficulty":
        problem = harder(problem)
        shown = workings(problem)
        return f"Plan: {shown or 'nothing can go wrong'}.\nFinal question: {problem.question}"
    shown = "" if kind == "sound" else workings(problem)
    now = f"\nNow: {shown}; all data fit." if shown else ""
    return f"Check: {check}{now}\nFinal question: {problem.question}"


def sample_rewrite(rng):
    direction = rng.choice(list(DIRECTIONS))
    kind, question, check, problem = draw(rng)
    return direction, question, reply(direction, kind, check, problem)


def example(codec, rng):
    direction, question, text = sample_rewrite(rng)
    return roles.example(codec, prompt(direction, question), text)
