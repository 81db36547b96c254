"""Finds and loads models of the bundled model's shape: NAME.safetensors or NAME.gguf of a folder, or of models/."""

import sys
from pathlib import Path

from safetensors.torch import load_file, save_file

MODELS = Path(__file__).resolve().parents[2] / "models"
sys.path.insert(0, str(MODELS))

import gguf_file  # noqa: E402
from model import Model, Shape  # noqa: E402


def find(folder, name):
    for path in (folder / f"{name}.safetensors", folder / f"{name}.gguf", MODELS / f"{name}.gguf"):
        if path.exists():
            return path
    raise FileNotFoundError(f"no model {name} in {folder}")


def load(folder, name):
    path = find(folder, name)
    if path.suffix == ".gguf":
        return gguf_file.load_model(path)
    model = Model(Shape())
    model.load_state_dict({k: v.float() for k, v in load_file(path).items()})
    return model


def save(model, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.detach().half().contiguous().cpu() for k, v in model.state_dict().items()}
    save_file(state, folder / f"{name}.safetensors")
