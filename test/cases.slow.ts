/** The properties that `npm test` tries with few cases (`helpers/texts/cases.ts`), with all of them: `npm run test:slow`. */
import { readFileSync, readdirSync } from 'node:fs';

process.env['ALL_CASES'] = '1';

const here = new URL('./', import.meta.url);
const files = (readdirSync(here, { recursive: true }) as string[]).filter(
  (name) =>
    name.endsWith('.test.js') &&
    readFileSync(new URL(name, here), 'utf8').includes('/helpers/texts/cases.js'),
);
if (files.length === 0)
  throw new Error('found no test that draws cases; expected those that import helpers/texts/cases.js');
for (const name of files) await import(new URL(name, here).href);
