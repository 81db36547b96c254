"""math-verify on pairs of answers: JSON lines in, JSON lines out with the verdict and the seconds it took."""

import json
import sys
import time

from math_verify import parse, verify


def judge(gold: str, answer: str) -> bool:
    return bool(verify(parse(f"${gold}$"), parse(f"$\\boxed{{{answer}}}$")))


def main() -> None:
    rows = [json.loads(line) for line in sys.stdin]
    judge("1", "2")
    for row in rows:
        started = time.perf_counter()
        verdict = judge(row["gold"], row["answer"])
        print(json.dumps({"verdict": verdict, "seconds": time.perf_counter() - started}), flush=True)


main()
