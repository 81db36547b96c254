"""vLLM without a server, on the very requests of a load: the best that the engine can do. Started once, given loads by lines of
stdin: {"load": FILE, "at": time to begin, "out": FILE}. What it took is written to `out`.

python3 bench/gpu/offline.py writer|reward READY '{"model": FOLDER, …}'      # READY: a file written when it can begin
"""

import json
import os
import sys
import time


def settings(body, SamplingParams):
    names = ("n", "temperature", "top_p", "max_tokens", "seed", "stop", "ignore_eos", "logprobs")
    return SamplingParams(**{name: body[name] for name in names if name in body})


def generate(llm, jobs):
    from vllm import SamplingParams

    found = llm.generate(
        [job["body"]["prompt"] for job in jobs],
        [settings(job["body"], SamplingParams) for job in jobs],
        use_tqdm=False,
    )
    return sum(len(choice.token_ids) for request in found for choice in request.outputs)


def reward(llm, jobs):
    llm.classify([text for job in jobs for text in job["body"]["input"]], use_tqdm=False)
    return 0


def main():
    role, ready, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    from vllm import LLM

    llm = LLM(**options)
    work = {"writer": generate, "reward": reward}[role]
    answer(ready, {})
    for line in sys.stdin:
        order = json.loads(line)
        with open(order["load"]) as file:
            jobs = [job for job in json.load(file) if job["to"] == role]
        time.sleep(max(0, order["at"] - time.time()))
        tokens = work(llm, jobs)
        answer(order["out"], {"seconds": time.time() - order["at"], "tokens": tokens})


def answer(path, value):
    with open(path + ".part", "w") as file:
        json.dump(value, file)
    os.rename(path + ".part", path)


if __name__ == "__main__":
    main()
