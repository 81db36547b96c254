import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import type { FunnelStep } from '../../src/run/report/report.js';
import { testFolder } from '../helpers/files/testFolder.js';

const SCRIPT = join(PACKAGE_FOLDER, 'scripts', 'picture.mjs');

interface Drawn {
  name: string;
  seed: number;
  rowsIn: number;
  rowsKept: number;
  funnel: Pick<FunnelStep, 'step' | 'rowsIn' | 'made' | 'kept' | 'dropped' | 'rejected'>[];
}

const { drawRun } = (await import(pathToFileURL(SCRIPT).href)) as {
  drawRun: (report: Drawn, row?: Record<string, unknown>) => string;
};

const REPORT: Drawn = {
  name: 'small & <quick>',
  seed: 3,
  rowsIn: 1000,
  rowsKept: 1500,
  funnel: [
    { step: 'generate', rowsIn: 1000, made: 0, kept: 999, dropped: {}, rejected: { ROW_LENGTH: 1 } },
    {
      step: 'filterLanguage',
      rowsIn: 999,
      made: 0,
      kept: 500,
      dropped: { notAscii: 499 },
      rejected: {},
    },
    { step: 'unnest', rowsIn: 500, made: 1000, kept: 1500, dropped: {}, rejected: {} },
  ],
};
const ROW = {
  question: `Is 1 < 2 & 3 > 2? ${'Say why. '.repeat(30)}`,
  response: 'Yes.\nThe answer is \\boxed{yes}.',
  reward: 0.875,
  difficulty: 0.25,
};

function widths(svg: string, kind: string): number[] {
  return [...svg.matchAll(/<rect class="(\w+)" [^>]*width="([\d.]+)" height="18"/g)]
    .filter(([, found]) => found === kind)
    .map(([, , width]) => Number(width));
}

/** Text between tags, as a reader sees it. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, words]) =>
    words!
      .replace(/&lt;/g, '<')
      .replace(/&gt;/g, '>')
      .replace(/&quot;/g, '"')
      .replace(/&amp;/g, '&'),
  );
}

test('bars are as long as their rows are many, and a single lost row is still seen', () => {
  const svg = drawRun(REPORT, ROW);
  assert.deepEqual(widths(svg, 'kept'), [239.8, 120, 360]);
  assert.deepEqual(widths(svg, 'lost'), [2, 119.8]);
});

test('steps, counts, reasons and the row are written out, special characters among them', () => {
  const texts = textsOf(drawRun(REPORT, ROW));
  for (const words of ['generate', '999', '1 ROW_LENGTH', '499 notAscii', '1000 made', '1500']) {
    assert.ok(texts.includes(words), words);
  }
  assert.ok(texts.includes('small & <quick>, seed 3: 1000 rows in, 1500 kept'));
  assert.ok(texts.includes('The answer is \\boxed{yes}.'));
  assert.ok(texts.includes('difficulty 0.25 · reward 0.88'));
  assert.ok(texts.some((words) => words.startsWith('Is 1 < 2 & 3 > 2? Say why.')));
  assert.ok(texts.every((words) => words.length <= 112));
});

test('every tag is closed, and nothing is no number, without rows and without a sample too', () => {
  const empty: Drawn = {
    ...{ name: 'empty', seed: 0, rowsIn: 0, rowsKept: 0 },
    funnel: [{ step: 'generate', rowsIn: 0, made: 0, kept: 0, dropped: {}, rejected: {} }],
  };
  for (const svg of [drawRun(REPORT, ROW), drawRun(REPORT), drawRun(empty)]) {
    const open: string[] = [];
    for (const [, isEnd, name, rest] of svg.matchAll(/<(\/?)(\w+)([^>]*)>/g)) {
      if (isEnd) assert.equal(open.pop(), name);
      else if (!rest!.endsWith('/')) open.push(name!);
    }
    assert.deepEqual(open, []);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  }
});

test('the script draws a run folder, twice the same bytes; without arguments it says how it is called', async (t) => {
  const folder = await testFolder(t);
  const run = join(folder, 'run');
  mkdirSync(run);
  writeFileSync(join(run, 'report.json'), JSON.stringify(REPORT));
  writeFileSync(
    join(run, 'sample.jsonl'),
    `${JSON.stringify(ROW)}\n${JSON.stringify({ ...ROW, reward: 0 })}\n`,
  );
  const [one, two] = ['a', 'b'].map((name) => {
    const out = join(folder, 'pictures', `${name}.svg`);
    execFileSync(process.execPath, [SCRIPT, run, out]);
    return readFileSync(out, 'utf8');
  });
  assert.equal(one, drawRun(REPORT, ROW));
  assert.equal(two, one);
  assert.throws(() => execFileSync(process.execPath, [SCRIPT, run], { stdio: 'pipe' }), {
    message: /usage: node scripts\/picture\.mjs RUN OUT\.svg/,
  });
});

test('the picture in the README shows the run whose table the README prints', () => {
  const readme = readFileSync(join(PACKAGE_FOLDER, 'README.md'), 'utf8');
  const picture = readFileSync(join(PACKAGE_FOLDER, 'docs', 'pictures', 'quickstart.svg'), 'utf8');
  assert.match(readme, /\(docs\/pictures\/quickstart\.svg\)/);
  const table = [...readme.matchAll(/^(\w+) +\d+ +(\d+) +[\d.]+ %(?:  (.*))?$/gm)];
  assert.ok(table.length >= 10, 'the README prints the funnel of a run');
  // A reason reads `unsolvable 51` in the table and `51 unsolvable` in the picture.
  const expected = table.flatMap(([, step, kept, lost]) => [
    ...[step!, kept!],
    ...(lost ? [lost.replace(/(\w+) (\d+)/g, '$2 $1')] : []),
  ]);
  const shown = textsOf(picture);
  assert.deepEqual(shown.slice(shown.indexOf(expected[0]!)).slice(0, expected.length), expected);
});
