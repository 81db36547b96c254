"""The requests of a load. A job is a request as it is sent: `to` says which server, `path` and `body` what; `sequences` and `tokens`
are what it takes there. All clients send the same, and the offline engine gets the same prompts and settings."""

import random

WORDS = "how many apples are left if each of the seven boxes holds twice as much as before and we give away".split()
STOP = ["<|im_end|>"]
CHOICES = 5
LOGPROBS = 20  # what our client asks for to choose between replies

# Words of the prompt and tokens of each choice, as steps of the quickstart have them with models of 7 B.
QUESTION = {"words": (8, 16), "tokens": (40, 160)}
VERDICT = {"words": (40, 80), "tokens": (64, 256)}
CHOICE = {"words": (40, 80)}
ANSWER = {"words": (20, 60), "tokens": (64, 320)}
REWARD = {"words": (60, 140)}
# How many rows of a hundred come as far as each step, about as in the quickstart.
ROWS = {"question": 100, "verdict": 97, "choice": 83, "answers": 71, "reward": 71}


def completion(prompt, n, tokens, seed, **more):
    sampling = {"temperature": 1 if n > 1 else 0, "top_p": 1, "seed": seed}
    body = {"model": "m", "prompt": prompt, "n": n, "max_tokens": tokens, "stop": STOP, **sampling, **more}
    body = {name: value for name, value in body.items() if value is not None}
    return {"to": "writer", "path": "/v1/completions", "body": body, "sequences": n, "tokens": n * tokens}


class Draw:
    def __init__(self, seed, shrink):
        self.rng, self.shrink, self.drawn = random.Random(seed), shrink, 0

    def between(self, bounds):
        low, high = (max(1, round(bound * self.shrink)) for bound in bounds)
        return self.rng.randint(low, high)

    def text(self, words):
        """No two begin alike, so that no cache of prefixes helps."""
        self.drawn += 1
        some = (self.rng.choice(WORDS) for _ in range(self.between(words)))
        return f"{self.rng.randrange(10**6)} {' '.join(some)}"

    def complete(self, kind, n=1, **more):
        tokens = self.between(kind["tokens"])
        return completion(self.text(kind["words"]), n, tokens, self.drawn, ignore_eos=True, **more)

    def choose(self):
        """One token and the likeliest in its place."""
        more = {"temperature": 1, "logprobs": LOGPROBS, "ignore_eos": True}
        return completion(self.text(CHOICE["words"]), 1, 1, None, **more)

    def reward(self):
        body = {"model": "reward", "input": [self.text(REWARD["words"]) for _ in range(CHOICES)]}
        return {"to": "reward", "path": "/classify", "body": body, "sequences": CHOICES, "tokens": 0}


def make_load(name, sequences, seed, shrink=1):
    """About so many sequences at the writer, in a shuffled order; `shrink` shortens prompts and choices."""
    draw = Draw(seed, shrink)
    if name == "one":
        return [draw.complete(ANSWER) for _ in range(sequences)]
    if name == "five":
        return [draw.complete(ANSWER, CHOICES) for _ in range(sequences // CHOICES)]
    each = sum(ROWS[step] for step in ("question", "verdict", "choice")) + CHOICES * ROWS["answers"]
    counts = {step: round(sequences * rows / each) for step, rows in ROWS.items()}
    jobs = [draw.complete(QUESTION, temperature=1) for _ in range(counts["question"])]
    jobs += [draw.complete(VERDICT) for _ in range(counts["verdict"])]
    jobs += [draw.choose() for _ in range(counts["choice"])]
    jobs += [draw.complete(ANSWER, CHOICES) for _ in range(counts["answers"])]
    jobs += [draw.reward() for _ in range(counts["reward"])]
    draw.rng.shuffle(jobs)
    return jobs


def totals(jobs):
    return {
        "requests": len(jobs),
        "tokens": sum(job["tokens"] for job in jobs),
        "sequences": sum(job["sequences"] for job in jobs if job["to"] == "writer"),
    }


LOADS = ("one", "five", "mix")
