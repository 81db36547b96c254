"""Loads a checkpoint as a user would and prints what it writes after the opening of a user message, as JSON."""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, opening = sys.argv[1:3]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
ids = tokenizer(opening, return_tensors="pt", add_special_tokens=False).input_ids
with torch.inference_mode():
    out = model.generate(ids, max_new_tokens=40, do_sample=False)
text = tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
print(json.dumps({"dtype": str(model.dtype), "text": text}))
