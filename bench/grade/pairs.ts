// Prints pairs of answers with what is true of them, one JSON object a line: node dist/bench/grade/pairs.js [seed] [cases a kind]
import { createDraw } from './draw.js';
import { KINDS } from './kinds.js';

export interface Pair {
  kind: string;
  gold: string;
  answer: string;
  same: boolean;
}

/** Of each case one writing that says the same and one that does not; duplicates are left out. */
export function drawPairs(seed: number, casesPerKind: number): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const [kind, make] of Object.entries(KINDS)) {
    for (let at = 0; at < casesPerKind; at++) {
      const draw = createDraw(seed, kind, at);
      const { gold, same, other } = make(draw);
      for (const pair of [
        { kind, gold, answer: draw.pick(same), same: true },
        { kind, gold, answer: draw.pick(other), same: false },
      ])
        pairs.set(`${gold}\n${pair.answer}`, pair);
    }
  }
  return [...pairs.values()];
}
