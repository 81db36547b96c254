// Tokens a second of the embedded engine, by processes and sequences.
// node dist/bench/backends/llamaCpp.bench.js [--requests=128] [--choices=2] [--tokens=128]
import { join } from 'node:path';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openModel } from '../../src/backends/openModel.js';
import type { Model } from '../../src/backends/model.js';
import { flag } from '../figures.js';

const PATH = join(fileURLToPath(new URL('../../../', import.meta.url)), 'models/tiny.gguf');
const requests = flag('requests', 128);
const choices = flag('choices', 2);
const tokensMax = flag('tokens', 128);

const QUESTION =
  'Maya has 14 apples. She buys 3 bags of 6 apples each and gives 8 apples to a friend. How many apples does Maya have now?';

/** Temperature 1 and top-p 0.95, as in a run: sampling is part of the price. */
async function complete(model: Model): Promise<void> {
  const asked = { n: choices, tokensMax, temperature: 1, topP: 0.95 };
  await Promise.all(
    Array.from({ length: requests }, (_, seq) =>
      model.complete({ ...asked, seq, seed: seq, message: { kind: 'preQuery' } }),
    ),
  );
}

async function choose(model: Model): Promise<void> {
  const text = `Question:\n${QUESTION}\n\nProposed solution:\n`;
  await Promise.all(
    Array.from({ length: requests }, (_, seq) =>
      model.choose({
        seq,
        message: { kind: 'user', text: `${text}${seq}\n\nIs it correct?` },
        options: ['Yes', 'No'],
      }),
    ),
  );
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}

console.log(
  `load ${loadavg()[0]!.toFixed(1)}; ${requests} requests of ${choices} choices, ≤ ${tokensMax} tokens`,
);
console.log('processes  sequences  load s  completion tok/s  scores/s');
for (const processes of [1, 2]) {
  for (const sequences of [1, 4, 16, 64]) {
    const llamaCpp = { path: PATH, processes, sequences, contextTokens: 512 };
    let model!: Model;
    const loadS = await seconds(async () => {
      model = await openModel('tiny', { llamaCpp }, { env: {}, folder: '/' });
    });
    const completeS = await seconds(() => complete(model));
    const { completionTokens } = model.stats();
    const chooseS = await seconds(() => choose(model));
    await model.close();
    const cells = [
      String(processes).padStart(9),
      String(sequences).padStart(9),
      loadS.toFixed(1).padStart(6),
      (completionTokens / completeS).toFixed(0).padStart(16),
      (requests / chooseS).toFixed(0).padStart(8),
    ];
    console.log(cells.join('  '));
  }
}
