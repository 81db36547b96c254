import { words } from '../../src/operators/lib/words.js';
import { createKeySet } from '../../src/operators/lib/near/keySet.js';
import { createMemoryBudget } from '../../src/operators/lib/near/memoryBudget.js';
import { createNearIndex } from '../../src/operators/lib/near/nearIndex.js';
import { shinglesReader } from '../../src/operators/lib/near/shingles.js';
import { createBands } from '../../src/operators/lib/near/bands.js';
import { createFingerprints } from '../../src/operators/lib/near/fingerprint.js';
import { madeQuestions } from './texts.js';
import { exactNearDuplicates } from './truth.js';
const N = Number(process.argv[2] ?? 100000);
const texts = madeQuestions(N);
console.log('words', texts.reduce((s, t) => s + words(t).length, 0) / N);
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6; };
for (const t of [0.7, 0.8]) {
  let c = cpu();
  const truth = exactNearDuplicates(texts, t);
  console.log('truth', t, truth.filter(Boolean).length, (cpu() - c).toFixed(1));
  const bands = createBands(t);
  for (let round = 0; round < 2; round++) {
    const budget = createMemoryBudget(4096, () => '');
    const keys = createKeySet(budget); const near = createNearIndex(t, bands, budget);
    const read = shinglesReader({ ignoreNumbers: false }); const fps = createFingerprints(bands);
    const deltas: string[] = [];
    c = cpu();
    const dropped = texts.map((text) => {
      const s = read(text);
      if (keys.has(s.keyLow, s.keyHigh)) return true;
      const f = fps.of(s);
      if (near.find(s, f)) return true;
      deltas.push(fps.encode());
      keys.add(s.keyLow, s.keyHigh); near.add(f);
      return false;
    });
    const s = cpu() - c;
    const hit = dropped.filter((d, i) => d && truth[i]).length;
    console.log('ours', t, bands, Math.round(N / s), 'q/cpu s', 'recall', hit / truth.filter(Boolean).length, 'precision', hit / dropped.filter(Boolean).length, 'bytes', budget.bytes / near.size);
    const budget2 = createMemoryBudget(4096, () => '');
    const keys2 = createKeySet(budget2); const near2 = createNearIndex(t, bands, budget2);
    c = cpu();
    for (const d of deltas) { const f = fps.decode(d); keys2.add(f.keyLow, f.keyHigh); near2.add(f); }
    console.log('fold', Math.round(deltas.length / (cpu() - c)), deltas.reduce((s, d) => s + d.length, 0) / deltas.length);
  }
}
