// What the tests of a foreign model share: where it is, and engines that run it.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEngineProcess } from '../../dist/bench/backends/engineProcess.js';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const python = process.env.SCALEQUEST_PYTHON;
assert.ok(python, 'run these tests by `npm run test:gguf`, which brings the model');

const environment = join(dirname(python), '..');
/** Gemma 3 270M, a base model: no chat template, 262,144 tokens, a sliding window of 512. */
export const gemma = join(environment, 'gemma-3-270m-q4_k_m.gguf');
/** The same with a chat template, and with an end token that it does write: ` Friday` (makeModels.py). */
export const gemmaWithTemplate = join(environment, 'gemma-with-template.gguf');
export const WINDOW_TOKENS = 512;

/** An engine in a process of its own, which ends with the test; from `dist`, or from another built checkout's. */
export async function startEngine(t, changes = {}) {
  const options = { path: gemma, sequences: 1, contextTokens: 512, gpu: false, ...changes };
  const engine = await startEngineProcess(join(root, 'dist'), options);
  t.after(() => engine.kill());
  return engine;
}

let id = 0;
export const nextId = () => (id += 1);

const SENTENCES = [
  'A farmer has three fields, and the first has 14 rows of 12 trees.',
  'In spring a storm fells every seventh tree of the second field.',
  'The baker sells 25 loaves on Monday and twice as many on Tuesday.',
  'A train leaves the town at 9 and drives 80 kilometres in an hour.',
  'Mia has 12 stickers and gives a third of them to her brother.',
  'Each box holds 6 eggs, and nobody knows how many boxes there are.',
  'The garden is 20 metres long, half as wide, and has a fence around it.',
];

/** A text of about this many tokens, another for each seed. A sentence has 15 to 19. */
export function textOf(tokens, seed) {
  const count = Math.ceil(tokens / 17);
  const at = (index) => SENTENCES[(index * (1 + (seed % 6)) + seed) % SENTENCES.length];
  return `${seed}. ${Array.from({ length: count }, (_, index) => at(index)).join(' ')}`;
}
