"""The plain client: a fixed number of requests in flight over aiohttp, told the number that suits the server."""

import argparse
import asyncio
import json
import resource
import time

import aiohttp


async def run(url, jobs, concurrency, ignore_eos):
    ends = []
    left = iter(jobs)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        start = time.perf_counter()

        async def work():
            for job in left:
                body = {
                    "model": "m",
                    "n": job.get("n", 1),
                    "temperature": 1 if job.get("n", 1) > 1 else 0,
                    "prompt": job["prompt"],
                    "max_tokens": job["max_tokens"],
                    **({"ignore_eos": True} if ignore_eos else {}),
                }
                async with session.post(f"{url}/v1/completions", json=body) as reply:
                    reply.raise_for_status()
                    tokens = (await reply.json())["usage"]["completion_tokens"]
                ends.append([time.perf_counter() - start, tokens])

        await asyncio.gather(*(work() for _ in range(min(concurrency, len(jobs)))))
        return {"seconds": time.perf_counter() - start, "ends": ends}


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    parser.add_argument("--ignore-eos", action="store_true")
    args = parser.parse_args()
    with open(args.load) as file:
        jobs = json.load(file)
    before = cpu_seconds()
    try:
        import uvloop

        result = uvloop.run(run(args.url, jobs, args.concurrency, args.ignore_eos))
    except ImportError:
        result = asyncio.run(run(args.url, jobs, args.concurrency, args.ignore_eos))
    print(json.dumps({**result, "cpuSeconds": cpu_seconds() - before}))


if __name__ == "__main__":
    main()
