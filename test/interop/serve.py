"""Serves a GGUF file with llama.cpp's own HTTP server: serve.py MODEL.gguf API_KEY SLOTS CONTEXT_TOKENS [PORT]. Prints its address.

The model is called as its file is; an empty key lets everybody in. Port 0 cannot be asked for, so without one it takes one that is
free; it ends when its standard input does.
"""

import socket
import sys
from pathlib import Path

import xllamacpp


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(model, key, slots, context_tokens, port=None):
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {Path(model).stem}
    params.hostnames = ["127.0.0.1"]
    params.port = int(port) if port else free_port()
    params.api_keys = [key] if key else []
    params.endpoint_metrics = True
    params.n_parallel = int(slots)
    params.n_ctx = int(slots) * int(context_tokens)
    params.kv_unified = False
    params.cache_prompt = False
    # As the embedded engine has it, so that both round alike.
    params.cache_type_k = xllamacpp.ggml_type.GGML_TYPE_Q8_0
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    # One thread each: more of them only wait for one another with models this small.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


main(*sys.argv[1:])
