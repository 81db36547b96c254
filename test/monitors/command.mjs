// What the tests of monitors share: a folder of their own, and runs of the quickstart on the bundled model.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const MAIN = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const WAIT_MS_MAX = 60_000;

export function testFolder() {
  return mkdtempSync(join(tmpdir(), 'scalequest-monitors-'));
}

/** The quickstart without its target: every step sees just `limit` rows, so live counts and the report are the same. */
export function writeQuickstart(folder, limit) {
  const text = readFileSync(join(ROOT, 'pipelines', 'quickstart.yaml'), 'utf8');
  const file = join(folder, 'pipeline.yaml');
  const model = join(ROOT, 'models', 'tiny.gguf');
  writeFileSync(file, text.replace('target: 240', `limit: ${limit}`).replace('../models/tiny.gguf', model));
  return file;
}

/** Starts `scalequest`. `said` grows; `ended` gives the exit code. */
export function startCommand(args, { cwd, env = {} }) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    ...{ cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
  });
  const running = { child, said: '', ended: new Promise((resolve) => child.on('close', resolve)) };
  child.stderr.setEncoding('utf8').on('data', (chunk) => (running.said += chunk));
  return running;
}

/** What `look` gives as soon as that is something. */
export async function until(look, what) {
  const endMs = Date.now() + WAIT_MS_MAX;
  while (Date.now() < endMs) {
    const found = await look();
    if (found) return found;
    await delay(50);
  }
  throw new Error(`waited ${WAIT_MS_MAX / 1000} s for ${what()}`);
}

export function readJson(...path) {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}
