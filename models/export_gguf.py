"""Turns trained weights into the bundled model.

python models/export_gguf.py model.safetensors models/tiny.gguf ["ScaleQuest tiny"]
"""

import json
import sys
from pathlib import Path

import gguf_file as g
import roles
from model import Shape
from safetensors.numpy import load_file

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NORMAL, CONTROL = 1, 3


def vocabulary():
    raw = json.loads(roles.TOKENIZER.read_text())
    ids = dict(raw["model"]["vocab"]) | {t["content"]: t["id"] for t in raw["added_tokens"]}
    tokens = sorted(ids, key=ids.get)
    assert list(map(ids.get, tokens)) == list(range(len(tokens)))
    merges = [m if isinstance(m, str) else " ".join(m) for m in raw["model"]["merges"]]
    return tokens, merges


def entries(shape, name):
    tokens, merges = vocabulary()
    types = [CONTROL if t in roles.SPECIAL else NORMAL for t in tokens]
    pad, end = tokens.index(roles.SPECIAL[0]), tokens.index(roles.SPECIAL[2])
    return [
        ("general.architecture", g.STRING, "qwen2"),
        ("general.name", g.STRING, name),
        ("general.license", g.STRING, "mit"),
        ("general.file_type", g.UINT32, 7),
        ("general.quantization_version", g.UINT32, 2),
        ("qwen2.block_count", g.UINT32, shape.layers),
        ("qwen2.context_length", g.UINT32, shape.context),
        ("qwen2.embedding_length", g.UINT32, shape.width),
        ("qwen2.feed_forward_length", g.UINT32, shape.inner),
        ("qwen2.attention.head_count", g.UINT32, shape.heads),
        ("qwen2.attention.head_count_kv", g.UINT32, shape.kv_heads),
        ("qwen2.attention.layer_norm_rms_epsilon", g.FLOAT32, shape.epsilon),
        ("qwen2.rope.freq_base", g.FLOAT32, shape.rope_base),
        ("tokenizer.ggml.model", g.STRING, "gpt2"),
        ("tokenizer.ggml.pre", g.STRING, "qwen2"),
        ("tokenizer.ggml.tokens", (g.ARRAY, g.STRING), tokens),
        ("tokenizer.ggml.token_type", (g.ARRAY, g.INT32), types),
        ("tokenizer.ggml.merges", (g.ARRAY, g.STRING), merges),
        ("tokenizer.ggml.eos_token_id", g.UINT32, end),
        ("tokenizer.ggml.padding_token_id", g.UINT32, pad),
        ("tokenizer.ggml.add_bos_token", g.BOOL, False),
        ("tokenizer.chat_template", g.STRING, CHAT_TEMPLATE),
    ]


def main():
    source, target = map(Path, sys.argv[1:3])
    name = sys.argv[3] if len(sys.argv) > 3 else "ScaleQuest tiny"
    shape = Shape()
    state, names = load_file(source), g.tensor_names(shape.layers)
    g.write(target, entries(shape, name), {names[k]: v.astype("float32") for k, v in state.items()})
    print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
