"""Trains a difficulty scorer: a language model with a head for one number learns to predict a solver's fail rate from the question.

TRL has no command that trains by regression, so this script does it with Hugging Face's Trainer and the mean squared error, as in ScaleQuest
(arXiv 2410.18693, section 2.3). It needs torch, transformers and datasets. For several GPUs call it by `accelerate launch` or `torchrun`.

  python train_scorer.py --data runs/difficulty/shards --model deepseek-ai/deepseek-math-7b-base --output scorer

It prints the Trainer's logs, and at the end the error and the rank correlation on rows that were held out.
"""

import argparse
import json

import numpy as np
import torch
from datasets import load_dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of Parquet files")
    parser.add_argument("--model", required=True, help="model to start from: a folder or a name on the hub")
    parser.add_argument("--output", required=True, help="folder of the trained scorer")
    parser.add_argument("--text-column", default="question")
    parser.add_argument("--label-column", default="failRate")
    parser.add_argument("--template", default="{text}", help="the scorer's input, with {text}")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--learning-rate", type=float, default=1e-5)
    parser.add_argument("--batch-size", type=int, default=16, help="rows a device and step")
    parser.add_argument("--max-length", type=int, default=1024, help="tokens; longer texts are cut")
    parser.add_argument("--heldout-share", type=float, default=0.1, help="rows to test on, not trained on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", action="store_true")
    return parser.parse_args()


def load_rows(arguments):
    rows = load_dataset("parquet", data_files=f"{arguments.data}/*.parquet", split="train")
    missing = {arguments.text_column, arguments.label_column} - set(rows.column_names)
    if missing:
        raise SystemExit(f"the data have no column {sorted(missing)}, found {rows.column_names}")
    rows = rows.filter(lambda row: row[arguments.label_column] is not None)
    if len(rows) < 10:
        raise SystemExit(f"found {len(rows)} rows with a label, expected at least 10")
    return rows.train_test_split(arguments.heldout_share, seed=arguments.seed)


def rank_correlation(a, b):
    """Spearman's, with mean ranks for equal values."""

    def ranks(values):
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        return (last - (counts - 1) / 2)[inverse]

    ranks_a, ranks_b = ranks(a), ranks(b)
    if ranks_a.std() == 0 or ranks_b.std() == 0:
        return 0.0
    return float(np.corrcoef(ranks_a, ranks_b)[0, 1])


def main():
    arguments = parse_arguments()
    parts = load_rows(arguments)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForSequenceClassification.from_pretrained(
        arguments.model,
        num_labels=1,
        problem_type="regression",
        dtype=torch.float32 if arguments.cpu else torch.bfloat16,
    )
    # The head reads the last token that is no padding.
    model.config.pad_token_id = tokenizer.pad_token_id

    def tokenized(row):
        text = arguments.template.format(text=row[arguments.text_column])
        tokens = tokenizer(text, truncation=True, max_length=arguments.max_length)
        return {**tokens, "labels": float(row[arguments.label_column])}

    parts = parts.map(tokenized, remove_columns=parts["train"].column_names)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=arguments.output,
            num_train_epochs=arguments.epochs,
            learning_rate=arguments.learning_rate,
            per_device_train_batch_size=arguments.batch_size,
            per_device_eval_batch_size=arguments.batch_size,
            lr_scheduler_type="cosine",
            warmup_steps=0.03,
            logging_steps=1 if len(parts["train"]) < 1000 else 20,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            seed=arguments.seed,
            use_cpu=arguments.cpu,
            bf16=not arguments.cpu,
        ),
        train_dataset=parts["train"],
        eval_dataset=parts["test"],
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.train()
    predicted = trainer.predict(parts["test"]).predictions.reshape(-1)
    true = np.array(parts["test"]["labels"])
    trainer.save_model(arguments.output)
    tokenizer.save_pretrained(arguments.output)
    print(
        json.dumps(
            {
                "heldout_rows": len(true),
                "mean_squared_error": float(np.mean((predicted - true) ** 2)),
                "error_of_the_mean": float(np.var(true)),
                "rank_correlation": rank_correlation(predicted, true),
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
