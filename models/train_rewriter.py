"""Trains the rewriter from the bundled model's weights: a question in, a better one out.

python models/train_rewriter.py --seconds 120 --out OUT      # one GPU
python models/train_rewriter.py --smoke --out /tmp/out       # CPU, seconds
python models/export_gguf.py OUT/model.safetensors models/rewriter.gguf "ScaleQuest rewriter"
"""

import argparse
import multiprocessing
import random
import time
from pathlib import Path

import data
import gguf_file
import rewrites
import roles
import torch
import torch.nn.functional as F
from optimiser import Both
from safetensors.torch import load_file, save_file
from train import WIDTH, to_device

HERE = Path(__file__).resolve().parent


class Source:
    def __init__(self, rng):
        self.codec, self.rng = roles.Codec(), rng

    def draw(self):
        return rewrites.example(self.codec, self.rng)


def work(queue, source, rows):
    packer = data.Packer(source, WIDTH)
    while True:
        queue.put(packer.batch(rows))


def batches(sources, rows):
    """Packed batches of endless sources, each in a process of its own; close the generator to end them."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue(maxsize=2 * len(sources))
    workers = [context.Process(target=work, args=(queue, s, rows), daemon=True) for s in sources]
    for worker in workers:
        worker.start()
    try:
        while True:
            yield queue.get(timeout=120)
    finally:
        for worker in workers:
            worker.kill()


def loss_of(model, ids, weights, positions, mask):
    logits = model.logits(model(ids, positions, mask)[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none")
    weights = weights[:, 1:].flatten()
    return (loss * weights).sum() / weights.sum()


def train(model, sources, rows, seconds, rate, device, name, compiled=True):
    """Endless data for a given time: a short warm-up, then falling to nothing. Changes the model."""
    optimiser = Both(model, torch.nn.Module())
    loss_function = torch.compile(loss_of) if compiled else loss_of
    began = shown = time.time()
    step = 0
    feed = batches(sources, rows)
    while (progress := (time.time() - began) / seconds) < 1:
        ids, weights, positions, mask, _ = to_device(next(feed), device)
        with torch.autocast(device.type, torch.bfloat16):
            loss = loss_function(model, ids, weights, positions, mask)
        loss.backward()
        optimiser.step(rate * min(1, (step + 1) / 50) * max(0.01, min(1, 1.5 - 1.5 * progress)))
        optimiser.zero()
        step += 1
        if step == 1 or time.time() - shown > 20:
            shown = time.time()
            print(f"{name} {shown - began:.0f}s step {step} loss {loss.item():.4f}", flush=True)
    feed.close()
    tokens = step * rows * WIDTH / 1e6
    print(f"{name}: {step} steps, {tokens:.0f} M tokens, loss {loss.item():.4f}", flush=True)


def save(model, path):
    state = {k: v.detach().half().contiguous().cpu() for k, v in model.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, path)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--gguf", type=Path, default=HERE / "tiny.gguf", help="weights to start from")
    p.add_argument("--init", type=Path, help="safetensors to start from instead")
    p.add_argument("--seconds", type=float, default=120)
    p.add_argument("--rate", type=float, default=0.4, help="factor on the learning rates")
    p.add_argument("--rows", type=int, default=256, help="rows of a batch")
    p.add_argument("--workers", type=int, default=12)
    p.add_argument("--seed", type=int, default=11)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--smoke", action="store_true", help="a tiny run on the CPU")
    args = p.parse_args()
    if args.smoke:
        args.seconds, args.rows, args.workers = 10, 2, 1
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(args.seed)
    model = gguf_file.load_model(args.gguf).to(device)
    if args.init:
        model.load_state_dict({k: v.float() for k, v in load_file(args.init).items()})
    sources = [Source(random.Random(args.seed * 1000 + i)) for i in range(args.workers)]
    train(model, sources, args.rows, args.seconds, args.rate, device, "rewriter", not args.smoke)
    save(model, args.out / "model.safetensors")


if __name__ == "__main__":
    main()
