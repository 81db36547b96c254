"""Makes the models that the tests serve, from the bundled one: makeModels.py TINY.gguf FOLDER.

FOLDER/writer is its Hugging Face form. FOLDER/scorer is its body with a head of one class, drawn at random from a fixed seed:
what it says means nothing, but it is a reward model for a server.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

HEAD_SEED = 11


def main(gguf, folder):
    writer, scorer = Path(folder, "writer"), Path(folder, "scorer")
    to_hf = Path(__file__).parents[2] / "models" / "to_hf.py"
    subprocess.run([sys.executable, to_hf, gguf, writer], check=True)

    shutil.copytree(writer, scorer, dirs_exist_ok=True)
    tensors = load_file(writer / "model.safetensors")
    width = tensors["model.norm.weight"].shape[0]
    head = np.random.default_rng(HEAD_SEED).normal(0, 0.1, (1, width))
    tensors["score.weight"] = head.astype(np.float32)
    save_file(tensors, scorer / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((writer / "config.json").read_text())
    config |= {"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 1, "id2label": {"0": "reward"}}
    (scorer / "config.json").write_text(json.dumps(config, indent=2))


main(*sys.argv[1:])
