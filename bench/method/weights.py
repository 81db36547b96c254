"""Finds and loads models of the bundled model's shape: NAME.safetensors or NAME.gguf of a folder, or of models/."""

import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

MODELS = Path(__file__).resolve().parents[2] / "models"
sys.path.insert(0, str(MODELS))

import gguf_file  # noqa: E402
from model import Model, Shape  # noqa: E402


DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
if DEVICE.type == "cpu":
    # Threads of a model this small wait for one another, and on a busy machine they burn the time that they wait.
    torch.set_num_threads(1)


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


def gguf(folder, name):
    """The path of a model as the embedded engine reads it; written where only safetensors are there."""
    path = find(folder, name)
    if path.suffix == ".gguf":
        return path
    target, part = path.with_suffix(".gguf"), path.with_suffix(".part.gguf")
    if not target.exists():
        subprocess.run([sys.executable, MODELS / "export_gguf.py", path, part, name], check=True)
        part.rename(target)
    return target


def save(model, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.detach().half().contiguous().cpu() for k, v in model.state_dict().items()}
    part = folder / f"{name}.part"
    save_file(state, part)
    part.rename(folder / f"{name}.safetensors")
