import { writeFileSync } from 'node:fs';
import { madeQuestions } from './texts.js';

/**
 * The texts for bench/dedup/embed.py: the last two sentences of made questions, each text once.
 *   `node dist/bench/dedup/embedTexts.js texts.json`
 */
const ROWS = 50_000;

const ends = madeQuestions(ROWS).map((text) =>
  text
    .split(/(?<=[.?]) /)
    .slice(-2)
    .join(' '),
);
writeFileSync(process.argv[2] ?? 'texts.json', JSON.stringify([...new Set(ends)]));
