import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { exportsOf, sourceFiles } from '../helpers/files/sourceFiles.js';

/** One name for one thing: words that were given up for those of the field, and names that are exported twice. */

interface Refused {
  /** Matches the word in names (`knockAt`, `isKnock`), comments, messages and pages. */
  word: RegExp;
  say: string;
  /** Files, or folders that end in `/`, in which the word may still stand. */
  except?: readonly string[];
}

const REFUSED: readonly Refused[] = [
  { word: /knock/i, say: 'half-open probe (of the circuit breaker)' },
  { word: /relaps/i, say: 'consecutive ejections' },
  { word: /\blooker/i, say: 'metrics poller' },
  { word: /unheard/i, say: 'metric lag' },
  { word: /stretch/i, say: 'segment' },
  { word: /\bdeciders?\b/i, say: 'step fingerprint' },
  {
    word: /recall/i,
    say: 'replay, or cached',
    // The recall of a search is the field's word.
    except: [
      'test/operators/lib/near/nearIndex.test.ts',
      'bench/dedup/dedup.bench.ts',
      'bench/dedup/semantic.bench.ts',
      'bench/dedup/peers.py',
      'docs/benchmarks.md',
    ],
  },
  { word: /learnt/i, say: 'state (of a step)' },
  { word: /\bposter|Poster|postJson/, say: 'HttpClient' },
  { word: /mayMove|movesMax/, say: 'canFailOver, failovers' },
  { word: /\bhomeOf/, say: 'affinity' },
  { word: /ensureRoom/, say: 'reserved space, preallocate' },
  { word: /wait(ing)? for company|withCompany/i, say: 'group-commit window' },
  { word: /side entr(y|ies)|sideEntr/i, say: 'row events' },
  { word: /\bgive(s|n)? (it |them |a place )?back\b|\bgiveBack/i, say: 'release' },
  { word: /\bdrink|\bdrunk\b/i, say: 'consume' },
  { word: /\b(is|are|was|were) under way/i, say: 'in flight' },
  { word: /\bOf (one|what|a \w+|the \w+) that\b/, say: 'a sentence with subject and verb' },
];

const FOLDERS = ['src', 'docs', 'pipelines', 'test', 'bench', 'models'];
const TEXTS = /\.(ts|mjs|md|yaml|py)$/;
/** It names what it refuses. */
const SELF = 'test/house/words.test.ts';

function textsOf(folder: string): string[] {
  const names = readdirSync(join(PACKAGE_FOLDER, folder), { recursive: true }) as string[];
  return names.filter((name) => TEXTS.test(name)).map((name) => `${folder}/${name.split(sep).join('/')}`);
}

const FILES = ['README.md', ...FOLDERS.flatMap(textsOf)]
  .filter((path) => path !== SELF)
  .map((path) => ({ path, lines: readFileSync(join(PACKAGE_FOLDER, path), 'utf8').split('\n') }));

function isExcepted(path: string, except: readonly string[]): boolean {
  return except.some((entry) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry));
}

for (const { word, say, except = [] } of REFUSED) {
  test(`the word ${word.source} is not used; say: ${say}`, () => {
    const found = FILES.filter(({ path }) => !isExcepted(path, except)).flatMap(({ path, lines }) =>
      lines.flatMap((line, at) => (word.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
    );
    assert.deepEqual(found, []);
  });
}

function exportedTwice(exported: readonly { path: string; name: string }[]): string[] {
  const paths = new Map<string, Set<string>>();
  for (const { path, name } of exported) paths.set(name, (paths.get(name) ?? new Set()).add(path));
  return [...paths].flatMap(([name, { size }]) => (size > 1 ? [name] : [])).sort();
}

test('no two files of src export the same name', () => {
  const exported = sourceFiles('src').flatMap((file) =>
    exportsOf(file).map(({ name }) => ({ path: file.path, name })),
  );
  assert.ok(exported.length > 500);
  assert.deepEqual(exportedTwice(exported), []);
});

test('the reader of exports sees every kind, and a name that is exported twice', () => {
  const text = [
    'export interface A {}',
    'export type B = string;',
    'export const C = 1;',
    'export async function d() {}',
    'export function* e() {}',
    'export class F {}',
    "export { g } from './g.js';",
    '// export const h = 1;',
  ].join('\n');
  const file = { path: 'a.ts', text, lines: [], imports: [] };
  assert.deepEqual(
    exportsOf(file).map(({ name, isType }) => `${name} ${isType}`),
    ['A true', 'B true', 'C false', 'd false', 'e false', 'F false'],
  );
  const planted = ['a.ts', 'b.ts', 'a.ts'].map((path, at) => ({ path, name: at < 2 ? 'x' : 'y' }));
  assert.deepEqual(exportedTwice([...planted, { path: 'a.ts', name: 'y' }]), ['x']);
});
