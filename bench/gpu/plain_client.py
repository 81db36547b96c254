"""The plain client: a fixed number of requests in flight over aiohttp, told the number that suits the server."""

import argparse
import asyncio
import json
import resource
import time

import aiohttp


async def run(urls, jobs, concurrency):
    """`urls`: of the servers `writer` and `reward`. Each has so many requests in flight."""
    ends = []
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        started_at, start = time.time(), time.perf_counter()

        async def work(left):
            for job in left:
                async with session.post(urls[job["to"]] + job["path"], json=job["body"]) as reply:
                    reply.raise_for_status()
                    usage = (await reply.json())["usage"]
                is_writer = job["to"] == "writer"
                tokens, sequences = (usage["completion_tokens"], job["sequences"]) if is_writer else (0, 0)
                ends.append([time.perf_counter() - start, tokens, sequences])

        workers = []
        for name in urls:
            mine = [job for job in jobs if job["to"] == name]
            left = iter(mine)
            workers += [work(left) for _ in range(min(concurrency, len(mine)))]
        await asyncio.gather(*workers)
        return {"startedAt": started_at, "seconds": time.perf_counter() - start, "ends": ends}


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--reward", default="")
    parser.add_argument("--load", required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    args = parser.parse_args()
    with open(args.load) as file:
        jobs = json.load(file)
    urls = {"writer": args.url, "reward": args.reward}
    before = cpu_seconds()
    try:
        import uvloop

        result = uvloop.run(run(urls, jobs, args.concurrency))
    except ImportError:
        result = asyncio.run(run(urls, jobs, args.concurrency))
    print(json.dumps({**result, "cpuSeconds": cpu_seconds() - before}))


if __name__ == "__main__":
    main()
