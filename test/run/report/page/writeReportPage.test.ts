import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyOf, finishedRun } from '../../../helpers/runs/finishedRun.js';
import { hostCommand } from '../../../helpers/commandHost.js';
import { pageParts, reportedRun, scoredRows } from '../../../helpers/runs/reportedRun.js';

// The process that runs commands takes the environment when it starts.
const SECRET = 'sk-very-secret-0123456789';
process.env.REPORT_TEST_TOKEN = SECRET;

test('a run has its page and pictures, the card shows them, and the page is small', async () => {
  const { run } = await reportedRun(scoredRows(300));
  const pictures = readdirSync(join(run, 'pictures'));
  assert.deepEqual(pictures, ['density.svg', 'difficulty.svg', 'funnel.svg', 'reward.svg']);
  const card = readFileSync(join(run, 'README.md'), 'utf8');
  for (const name of pictures) assert.ok(card.includes(`](pictures/${name})`), name);
  const { html } = pageParts(run);
  assert.ok(html.length < 2_000_000, String(html.length));
  assert.deepEqual(
    readdirSync(run).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('written again, it is the same to the last byte, and so are its pictures', async () => {
  const { run } = await reportedRun(scoredRows(100));
  const read = (): string[] =>
    ['report.html', 'SHA256SUMS', 'pictures/funnel.svg'].map((name) => readFileSync(join(run, name), 'utf8'));
  const before = read();
  const { code, stderr } = await hostCommand(['report', run]);
  assert.equal(code, 0, stderr);
  assert.ok(read().every((text, at) => text === before[at]));
});

test('texts that look like markup, broken formulas and huge texts stay texts', async () => {
  const evil = [
    `</script><img src=x onerror=alert(1)>`,
    '$\\frac{1}{$',
    '{'.repeat(5000),
    'é😀 שלום '.repeat(20),
    'x'.repeat(1_000_000),
  ];
  const rows = evil.map((question, at) => ({
    ...scoredRows(1)[0]!,
    question: `${question} ${at}`,
    difficulty: 0.5,
    rewards: [0.9, 0.8, 0.7],
  }));
  const { html, examples } = pageParts((await reportedRun(rows)).run);
  const withoutScript = html.replace(/<script>[^]*?<\/script>/, '');
  assert.ok(!withoutScript.includes('<img') && html.length < 1_500_000);
  assert.equal(examples.length, 5);
  assert.ok(examples.some(({ fields }) => fields.some(([, text]) => text.includes('<img src=x'))));
});

test('what the environment filled in stands in no page and no picture', async () => {
  const rows = scoredRows(20).map((row) => ({ ...row, question: `${row.question} ${SECRET}` }));
  const { run } = await reportedRun(rows, ['summary: "made by ${REPORT_TEST_TOKEN}"']);
  const { html, data, examples } = pageParts(run);
  assert.equal(data.summary, 'made by ${REPORT_TEST_TOKEN}');
  const pictures = readdirSync(join(run, 'pictures')).map((name) =>
    readFileSync(join(run, 'pictures', name), 'utf8'),
  );
  for (const text of [html, JSON.stringify(examples), ...pictures]) assert.ok(!text.includes(SECRET));
});

test('a folder without a log has a report that says so', async () => {
  const { run, file } = copyOf(await finishedRun());
  rmSync(join(run, 'log.jsonl'));
  const { code, stderr } = await hostCommand(['report', run, '--pipeline', file]);
  assert.equal(code, 0, stderr);
  assert.ok(existsSync(join(run, 'report.html')));
  assert.match(pageParts(run).data.notes[0]!, /no log/);
});
