"""Question fine-tuning and question preference optimisation, in plain PyTorch.

The losses are those of TRL's SFT and DPO trainers; the settings are for a model of six million parameters. `batch`
pads on the right, so a causal mask is enough.
"""

import copy
import json
import math
import os
import random

import pyarrow.parquet as parquet
import torch
import torch.nn.functional as F

import weights  # first: it makes models/ importable
import roles
from model import Shape
from weights import DEVICE

END = roles.SPECIAL[2]
SETTINGS = {
    "qft": {"rate": 1e-3, "epochs": 2},
    "qpo": {"rate": 5e-5, "epochs": 1, "beta": 0.1, "warmup": 20},
}


def load(folder, name):
    return weights.load(folder, name).to(DEVICE)


def batch(codec, examples):
    """examples: (ids, weights). Returns ids and weights as [rows, time]."""
    longest = max(len(ids) for ids, _ in examples)
    ids = torch.tensor([x + [codec.pad] * (longest - len(x)) for x, _ in examples], device=DEVICE)
    weights = torch.tensor([w + [0.0] * (longest - len(w)) for _, w in examples], device=DEVICE)
    return ids, weights


def token_logs(model, ids):
    """Log-probabilities of the tokens after the first: [rows, time - 1]."""
    time = ids.shape[1]
    mask = torch.ones(time, time, dtype=torch.bool, device=DEVICE).tril()[None, None]
    positions = torch.arange(time, device=DEVICE)[None]
    with torch.autocast(DEVICE.type, torch.bfloat16):
        logits = model.logits(model(ids, positions, mask)[:, :-1])
    return -F.cross_entropy(logits.float().transpose(1, 2), ids[:, 1:], reduction="none")


def steps(model, items, settings, seed, rows, loss_of):
    """AdamW, linear warm-up, cosine to nothing; whole epochs over shuffled items, `rows` in a step."""
    rng = random.Random(seed)
    epochs = settings["epochs"]
    per_epoch = math.ceil(len(items) / rows)
    total, step = per_epoch * epochs, 0
    warmup = settings.get("warmup", max(1, int(0.03 * total)))
    adam = torch.optim.AdamW(model.parameters(), lr=1.0, betas=(0.9, 0.98), weight_decay=0)
    losses = []
    for _ in range(epochs):
        order = rng.sample(items, len(items))
        for at in range(0, len(order), rows):
            loss = loss_of(order[at : at + rows])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            shape = min(1, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * step / total))
            adam.param_groups[0]["lr"] = settings["rate"] * shape
            adam.step()
            adam.zero_grad()
            losses.append(loss.detach())
            step += 1
    shown = torch.stack(losses).float()
    return {"steps": step, "first": round(shown[:5].mean().item(), 4), "last": round(shown[-5:].mean().item(), 4)}


def supervised(model, codec, examples, settings, seed, rows):
    def loss_of(part):
        ids, weights = batch(codec, part)
        weights = weights[:, 1:]
        return -(token_logs(model, ids) * weights).sum() / weights.sum()

    return steps(model, examples, settings, seed, rows, loss_of)


def preference(model, codec, pairs, settings, seed, rows):
    """Direct preference optimisation against the model as it was. pairs: (chosen, rejected), each (ids, weights)."""
    reference, beta = copy.deepcopy(model).eval(), settings["beta"]

    def sums(of, ids, weights):
        return (token_logs(of, ids) * weights[:, 1:]).sum(-1)

    def loss_of(part):
        ids, weights = batch(codec, [chosen for chosen, _ in part] + [rejected for _, rejected in part])
        with torch.no_grad():
            before = sums(reference, ids, weights)
        gained = sums(model, ids, weights) - before
        chosen, rejected = gained.chunk(2)
        return -F.logsigmoid(beta * (chosen - rejected)).mean()

    return steps(model, pairs, settings, seed, rows, loss_of)


def whole(codec, text):
    """A text in which every token counts."""
    ids = codec.tokenizer.encode(text, add_special_tokens=False).ids
    return ids, [0.0] + [1.0] * (len(ids) - 1)


def after(codec, prompt, text):
    head = codec.tokenizer.encode(prompt, add_special_tokens=False).ids
    ids = codec.tokenizer.encode(text, add_special_tokens=False).ids
    return head + ids, [0.0] * len(head) + [1.0] * len(ids)


def read_shards(run):
    paths = sorted((run / "shards").glob("*.parquet"))
    return [row for path in paths for row in parquet.read_table(path).to_pylist()]


def read_lines(path):
    """The whole lines of a file; what a kill left of a last one is cut off."""
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    if whole < len(text):
        os.truncate(path, whole)
    return [json.loads(line) for line in text[:whole].decode().splitlines()]


def qft(folder, base, run, name, seed, in_step):
    codec, model = roles.Codec(), load(folder, base)
    examples = [whole(codec, row["text"]) for row in read_shards(run)]
    losses = supervised(model, codec, examples, SETTINGS["qft"], seed, in_step)
    weights.save(model, folder, name)
    return {"rows": len(examples), **losses}


def balanced(rows):
    """As many pairs of each direction: else the direction with more pairs decides what the model becomes."""
    directions = sorted({row["direction"] for row in rows})
    most = min((sum(row["direction"] == name for row in rows) for name in directions), default=0)
    kept = [row for name in directions for row in [r for r in rows if r["direction"] == name][:most]]
    return kept


def qpo(folder, base, run, name, seed, in_step):
    codec, model = roles.Codec(), load(folder, base)
    rows = balanced(read_shards(run))
    if not rows:
        raise RuntimeError(f"{run} kept no pair; what dropped them is in {run.with_suffix('.log')}")
    pairs = [tuple(after(codec, r["prompt"], r[side] + END) for side in ("chosen", "rejected")) for r in rows]
    pairs = [pair for pair in pairs if max(len(ids) for ids, _ in pair) <= Shape.context]
    losses = preference(model, codec, pairs, SETTINGS["qpo"], seed, in_step)
    weights.save(model, folder, name)
    return {"rows": len(pairs), "rate": SETTINGS["qpo"]["rate"], **losses}
