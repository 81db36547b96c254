"""Rewrites held-out and generated questions both ways and has the bundled model solve what comes in and out.

python models/evaluate_rewriter.py --gguf models/rewriter.gguf --out OUT
node dist/models/reportRewrites.js OUT/rewrites.json      # the exact solver's verdict
"""

import argparse
import json
from pathlib import Path

import evaluate
import gguf_file
import rewrites
import roles
import torch

HERE = Path(__file__).resolve().parent
LIMIT = 256


def final_question(reply):
    return reply.rsplit("Final question:", 1)[1].strip() if "Final question:" in reply else ""


def tries(solver, questions, samples):
    """The boxed answers of several samples of each question."""
    replies = solver.solve([q for q in questions for _ in range(samples)], 0.7, 0.95)
    boxed = [evaluate.boxed(text) for text in replies]
    return [boxed[i * samples : (i + 1) * samples] for i in range(len(questions))]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--gguf", type=Path, default=HERE / "rewriter.gguf")
    p.add_argument("--weights", type=Path, help="safetensors instead of the GGUF file")
    p.add_argument("--generated", type=int, default=2000, help="questions of the bundled generator")
    p.add_argument("--samples", type=int, default=16, help="solutions of each question")
    p.add_argument("--held-out", type=int, help="held-out rows; all if absent")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    codec = roles.Codec()
    tiny = gguf_file.load_model(HERE / "tiny.gguf").to(device).eval()
    solver = evaluate.Bench(tiny, codec, device)
    rewriter = evaluate.Bench(load(args, device), codec, device)
    held_out = [row["question"] for row in evaluate.load_held_out()[: args.held_out]]
    sources = [("held out", q) for q in held_out]
    sources += [("generated", q) for q in solver.generate(args.generated)]
    before = tries(solver, [q for _, q in sources], args.samples)
    rows = []
    for direction in rewrites.DIRECTIONS:
        prompts = [codec.prompt(rewrites.prompt(direction, q)) for _, q in sources]
        replies = rewriter.reply(prompts, 0, 1, LIMIT)
        after = tries(solver, [final_question(r) for r in replies], args.samples)
        for (source, question), reply, old, new in zip(sources, replies, before, after):
            rows.append(
                {
                    "source": source,
                    "direction": direction,
                    "question": question,
                    "reply": reply,
                    "answersBefore": old,
                    "answersAfter": new,
                }
            )
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "rewrites.json").write_text(json.dumps(rows, ensure_ascii=False))


def load(args, device):
    from safetensors.torch import load_file

    model = gguf_file.load_model(HERE / "tiny.gguf" if args.weights else args.gguf)
    if args.weights:
        model.load_state_dict({k: v.float() for k, v in load_file(args.weights).items()})
    return model.to(device).eval()


if __name__ == "__main__":
    main()
