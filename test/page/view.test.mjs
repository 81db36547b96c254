// The page of a run in Chromium: many rows scrolled and filtered, a live run, a run that is killed and goes on, hostile texts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ANSWER_COLUMNS, writtenRun } from '../../dist/test/helpers/runs/writtenRun.js';
import { MAIN } from '../../dist/test/helpers/commandLine.js';
import { startBrowser } from './chromium.mjs';

const AXE = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('axe-core/package.json')), 'axe.min.js'),
  'utf8',
);
const folder = mkdtempSync(join(tmpdir(), 'scalequest-view-'));
const children = [];
let browser;
before(async () => (browser = await startBrowser()));
after(async () => {
  await browser.close();
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a command, and gives its process and the address of the page that it prints. */
async function started(...args) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const url = await new Promise((resolve, reject) => {
    let said = '';
    const look = (text) => {
      said += text;
      const found = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//.exec(said);
      if (found) resolve(found[0]);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('close', () => reject(new Error(said)));
  });
  return { child, url, ended: new Promise((resolve) => child.on('close', resolve)) };
}

async function seriousFindings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
}

const says = (page, text) =>
  page.waitForFunction((wanted) => document.body.innerText.includes(wanted), text, { timeout: 240_000 });

describe('200,000 rows', () => {
  let url;
  before(async () => {
    const run = await writtenRun({
      ...{ folder: join(folder, 'large'), rows: 200_000, columns: ANSWER_COLUMNS },
      row: (seq) =>
        seq % 50 === 7
          ? { step: 'keepBest', kind: 'dropped', reason: 'lowReward', question: `lost ${seq}`, reply: null }
          : [`What is ${seq} + ${seq % 97}?`, `It is ${seq + (seq % 97)}.`, (seq * 7919) % 100_003],
    });
    ({ url } = await started('view', run));
  });

  it('are scrolled by keys and filtered, and a fraction of their bytes is fetched', async () => {
    const { page, errors } = await browser.open(`${url}#rows/kept`);
    let bytes = 0;
    page.on('response', (response) => (bytes += Number(response.headers()['content-length'] ?? 0)));
    await says(page, '196,000 of 196,000 rows');
    await page.waitForSelector('.view tbody tr');
    await page.focus('.view');
    await page.keyboard.press('End');
    await page.waitForFunction(
      () => document.querySelector('.view tbody tr:last-child a')?.textContent === '199999',
    );
    await page.keyboard.press('Home');
    await page.waitForFunction(() => document.querySelector('.view tbody a')?.textContent === '0');
    assert.ok((await page.locator('.view tbody tr').count()) < 60);
    assert.ok(bytes < 1_000_000, `${bytes} bytes`);
    await page.selectOption('select[aria-label="Column of numbers"]', 'reward');
    await page.fill('input[aria-label="from"]', '100000');
    await page.locator('input[aria-label="from"]').blur();
    await page.waitForFunction(() =>
      /^[1-9] of 196,000/.test(document.querySelector('main [role=status]').textContent),
    );
    await page.selectOption('select[aria-label="Order"]', 'reward, highest first');
    await page.waitForFunction(
      () => document.querySelector('.view tbody td.column-reward')?.textContent === '100,002',
    );
    assert.deepEqual(errors, []);
    await page.close();
  });
});

describe('texts of rows', () => {
  it('do nothing but stand there, and the pages have no serious finding of axe', async () => {
    const evil =
      '</script><script>window.hit = 1</script><img src=x onerror="window.hit = 1"> $\\frac{1}{2}$';
    const row = (seq) =>
      seq === 1
        ? { step: 'keepBest', kind: 'dropped', reason: 'lowReward', question: evil, reply: evil }
        : [evil, evil, seq];
    const parts = { 'steps.keepBest.label': '"keepBest"' };
    const make = (name) =>
      writtenRun({ folder: join(folder, name), rows: 4, columns: ANSWER_COLUMNS, row, parts });
    const { url } = await started('view', await make('evil'), '--against', await make('other'));
    for (const colorScheme of ['light', 'dark'])
      for (const [hash, text] of [
        ['', 'Newest rows'],
        ['#rows/kept', '3 of 3 rows'],
        ['#rows/dropped', '1 of 1 rows'],
        ['#row/0', 'onerror'],
        ['#row/1', 'onerror'],
        ['#diff', 'kept by both'],
      ]) {
        const { page, errors } = await browser.open(url + hash, { colorScheme });
        await says(page, text);
        await page.waitForTimeout(300);
        assert.equal(await page.evaluate('window.hit'), undefined, hash);
        assert.equal(await page.locator('main img').count(), 0);
        assert.deepEqual(errors, [], hash);
        assert.deepEqual(await seriousFindings(page), [], `${hash} ${colorScheme}`);
        await page.close();
      }
  });
});

describe('a run while it goes on', () => {
  const quickstart = [
    'run',
    'pipelines/quickstart.yaml',
    '--set',
    'target=30',
    '--set',
    'output.shardRows=6',
    '--set',
    'store=none',
  ];

  it('is shown from start to end, killed and started again, by a page that stays open', async () => {
    const out = join(folder, 'killed');
    const first = await started(...quickstart, '--out', out, '--live');
    const own = await browser.open(first.url);
    await says(own.page, 'Committed:');
    await own.page.waitForSelector('button:has-text("Pause")');
    const { url } = await started('view', out);
    const { page } = await browser.open(url);
    await says(page, 'Running.');
    first.child.kill('SIGKILL');
    await says(own.page, 'does not answer');
    const second = await started(...quickstart, '--out', out, '--live');
    const again = await browser.open(second.url);
    await says(again.page, 'The run is complete.');
    assert.equal(await second.ended, 0);
    await says(page, 'The run is complete.');
    assert.match(await page.locator('.figures').textContent(), /30 of 30/);
    assert.match(await page.locator('.log').textContent(), /Goes on at position/);
  });
});
