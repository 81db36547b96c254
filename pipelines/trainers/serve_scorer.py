"""Serves a scorer made by train_scorer.py on a CPU or a GPU, in the protocol of vLLM's /classify.

This server is for small scorers and for trials; for real loads use `vllm serve SCORER --runner pooling`. It gives the raw number of the head.

  python serve_scorer.py SCORER --port 8004
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BODY_BYTES_MAX = 1 << 24


def load(path, device):
    tokenizer = AutoTokenizer.from_pretrained(path)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForSequenceClassification.from_pretrained(path, dtype=torch.float32).to(device).eval()
    model.config.pad_token_id = tokenizer.pad_token_id
    one_at_a_time = Lock()

    def score(texts):
        batch = tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=4096).to(device)
        with one_at_a_time, torch.inference_mode():
            logits = model(**batch).logits
        return logits.float().reshape(len(texts), -1).tolist(), int(batch["attention_mask"].sum())

    return score


def handler_of(name, score):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path == "/health":
                return self.reply(200, {})
            if self.path == "/v1/models":
                return self.reply(200, {"object": "list", "data": [{"id": name, "object": "model"}]})
            return self.reply(404, {"error": {"message": f"there is no {self.path} here"}})

        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            if length > BODY_BYTES_MAX:
                return self.reply(413, {"error": {"message": "the body is too large"}})
            if self.path != "/classify":
                return self.reply(404, {"error": {"message": f"there is no {self.path} here"}})
            try:
                body = json.loads(self.rfile.read(length))
                texts = [body["input"]] if isinstance(body["input"], str) else list(body["input"])
                assert all(isinstance(text, str) and text for text in texts), "expected texts"
            except (ValueError, KeyError, TypeError, AssertionError) as error:
                return self.reply(400, {"error": {"message": f"expected {{ model, input: [text] }}: {error}"}})
            numbers, tokens = score(texts)
            data = [
                {"index": index, "label": "LABEL_0", "probs": probs, "num_classes": len(probs)}
                for index, probs in enumerate(numbers)
            ]
            usage = {"prompt_tokens": tokens, "total_tokens": tokens, "completion_tokens": 0}
            return self.reply(200, {"object": "list", "model": name, "data": data, "usage": usage})

        def reply(self, status, value):
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder of the scorer")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8004, help="0 takes a free one")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    handler = handler_of(arguments.model, load(arguments.model, arguments.device))
    server = ThreadingHTTPServer((arguments.host, arguments.port), handler)
    print(f"listening on http://{arguments.host}:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
