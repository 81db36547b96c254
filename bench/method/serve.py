"""Serves small models of the bundled model's shape as an OpenAI-compatible server: POST /v1/completions.

python bench/method/serve.py --port 8101 --folder runs/method/models

A model's name is a file's (weights.py). What waits is run as one batch to its end, with
the sampler of models/model.py: simple, and enough for six million parameters. Seeds of requests are not honoured.
"""

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from aiohttp import web

import weights  # first: it makes models/ importable
import roles
from model import Shape, cut, first_logits, sample

ROWS = 4096  # of one batch


def load(name, folder, device):
    model = weights.load(folder, name)
    return model.to(device, torch.bfloat16).eval()


class Engine:
    """One batch at a time in a thread; `waiting` holds (key, prompt ids, count, future) in order of arrival."""

    def __init__(self, folder, device, seed):
        self.folder, self.device, self.codec = folder, device, roles.Codec()
        self.generator = torch.Generator(device).manual_seed(seed)
        self.models, self.waiting, self.woken = {}, [], asyncio.Event()
        self.thread = ThreadPoolExecutor(1)

    def ask(self, key, ids, count):
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((key, ids, count, future))
        self.woken.set()
        return future

    async def work(self):
        loop = asyncio.get_running_loop()
        while True:
            await self.woken.wait()
            self.woken.clear()
            await asyncio.sleep(0.01)
            while self.waiting:
                key = self.waiting[0][0]
                batch, rows = [], 0
                for item in [i for i in self.waiting if i[0] == key]:
                    if rows < ROWS:
                        batch.append(item)
                        rows += item[2]
                taken = {id(item) for item in batch}
                self.waiting = [i for i in self.waiting if id(i) not in taken]
                try:
                    replies = await loop.run_in_executor(self.thread, self.run, key, batch)
                except Exception as error:  # noqa: BLE001 – every request of the batch is told
                    for *_, future in batch:
                        future.done() or future.set_exception(web.HTTPBadRequest(text=str(error)))
                    continue
                for (*_, future), reply in zip(batch, replies):
                    future.done() or future.set_result(reply)

    def run(self, key, batch):
        name, temperature, top_p, limit, top = key
        if name not in self.models:
            self.models[name] = load(name, self.folder, self.device)
        model, codec = self.models[name], self.codec
        prompts = [ids for _, ids, count, _ in batch for _ in range(count)]
        if top:
            logs = first_logits(model, prompts, codec).log_softmax(-1).topk(top, -1)
            pairs = zip(logs.values.tolist(), logs.indices.tolist())
            return [dict(zip(map(self.token, ids), values)) for values, ids in pairs]
        replies = iter(sample(model, prompts, codec, temperature, top_p, limit, self.generator))
        return [[next(replies) for _ in range(count)] for _, _, count, _ in batch]

    def token(self, index):
        return self.codec.tokenizer.decode([index], skip_special_tokens=False)


def choice(engine, index, ids, limit):
    """The base models' end of a document counts as an end too."""
    reason = "length" if len(ids) == limit else "stop"
    if engine.codec.pad in ids:
        ids, reason = cut(ids, engine.codec.pad), "stop"
    return {"index": index, "text": engine.codec.decode(ids), "finish_reason": reason, "logprobs": None}


def handler(engine):
    async def completions(request):
        body = await request.json()
        ids = engine.codec.tokenizer.encode(body["prompt"], add_special_tokens=False).ids
        n, limit, top = body.get("n", 1), body["max_tokens"], body.get("logprobs") or 0
        if len(ids) + limit > Shape.context:
            return web.json_response({"error": {"message": "longer than the context"}}, status=400)
        key = (body["model"], body.get("temperature", 1), body.get("top_p", 1), limit, top)
        reply = await engine.ask(key, ids, n)
        if top:
            best = max(reply, key=reply.get)
            choices = [{"index": 0, "text": best, "finish_reason": "length", "logprobs": {"top_logprobs": [reply]}}]
            made = 1
        else:
            choices = [choice(engine, i, each, limit) for i, each in enumerate(reply)]
            made = sum(map(len, reply))
        usage = {"prompt_tokens": len(ids), "completion_tokens": made}
        return web.json_response({"object": "text_completion", "choices": choices, "usage": usage})

    return completions


async def health(_):
    return web.Response(text="ok")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--folder", type=Path, required=True)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    device = weights.DEVICE

    async def start(app):
        engine = Engine(args.folder, device, args.seed)
        app["work"] = asyncio.create_task(engine.work())
        app.router.add_post("/v1/completions", handler(engine))
        app.router.add_get("/health", health)

    async def application():
        app = web.Application()
        await start(app)
        return app

    web.run_app(application(), host="127.0.0.1", port=args.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
