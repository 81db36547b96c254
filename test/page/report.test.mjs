// report.html in Chromium: drawn, alone with itself, bounded on bad texts, usable by keyboard and by readers of screens.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { pageParts, reportedRun, runAgain, scoredRows } from '../../dist/test/helpers/runs/reportedRun.js';
import { startBrowser } from './chromium.mjs';

const AXE = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('axe-core/package.json')), 'axe.min.js'),
  'utf8',
);

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

const urlOf = (run) => pathToFileURL(join(run, 'report.html')).href;

/** Findings of axe that matter, as `rule: first place`. The page's policy forbids scripts, so a copy without it is looked at. */
async function seriousFindings(run, look) {
  const file = join(run, 'without-policy.html');
  writeFileSync(
    file,
    readFileSync(join(run, 'report.html'), 'utf8').replace(
      /<meta http-equiv="Content-Security-Policy"[^>]*>/,
      '',
    ),
  );
  const { page } = await browser.open(pathToFileURL(file).href, look);
  await page.waitForSelector('h2');
  await page.addScriptTag({ content: AXE });
  const { violations } = await page.evaluate('axe.run()');
  await page.close();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
}

describe('the report of a run', () => {
  let made;
  before(async () => (made = await reportedRun(scoredRows(400))));

  it('draws its charts, sets formulas, asks for nothing and has no error', async () => {
    const { page, errors, requests } = await browser.open(urlOf(made.run));
    await page.waitForSelector('.chart svg');
    assert.equal(await page.locator('h1').textContent(), 'scored');
    for (const title of [
      'What became of the rows',
      'What if',
      'The set in numbers',
      'Near-duplicates',
      'Examples',
      'Settings',
    ])
      assert.equal(await page.locator('h2', { hasText: title }).count(), 1, title);
    assert.ok((await page.locator('.words .katex').count()) > 10);
    assert.deepEqual(errors, []);
    assert.deepEqual(requests, [urlOf(made.run)]);
    await page.close();
  });

  it('what-if: a slider moved by keys shows a count, and a run with what is printed keeps just so many', async () => {
    const { page } = await browser.open(urlOf(made.run));
    const slider = page.getByLabel(/^sampleDifficulty\.min/);
    await slider.focus();
    for (let step = 0; step < 15; step++) await page.keyboard.press('ArrowRight');
    // What is moved is drawn with the next frame.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const text = await page.locator('.count').textContent();
    const [, kept] = /^Exactly ([\d,]+) rows/.exec(text) ?? assert.fail(text);
    const command = await page.locator('.command').textContent();
    const [, set] = /--set (\S+)/.exec(command);
    assert.match(set, /^steps\.sampleDifficulty\.min=0\.\d+$/);
    assert.equal(await runAgain({ file: made.file, run: join(made.folder, 'typed') }, [set]), Number(kept));
    await page.getByRole('button', { name: 'Back to the run' }).click();
    await page.locator('.count', { hasText: 'the run as it is' }).waitFor();
    await page.close();
  });

  it('examples: fifty at a time, by group, searched', async () => {
    const { page } = await browser.open(urlOf(made.run));
    assert.equal(await page.locator('article').count(), 50);
    await page.getByRole('button', { name: 'Next' }).click();
    assert.match(await page.locator('.controls').last().textContent(), /51 – 100/);
    await page.getByLabel('Examples of').selectOption({ index: 1 });
    assert.ok((await page.locator('article .dropped').count()) > 0);
    await page.getByLabel('Search').fill('no such words anywhere');
    assert.equal(await page.locator('article').count(), 0);
    await page.close();
  });

  it('follows the colours of the system, and its switch', async () => {
    const { page } = await browser.open(urlOf(made.run), { colorScheme: 'dark' });
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.equal(await background(), 'rgb(20, 24, 29)');
    await page.getByRole('button', { name: 'Light colours' }).click();
    assert.equal(await background(), 'rgb(255, 255, 255)');
    await page.close();
  });

  it('at 400 pixels nothing is wider than the page', async () => {
    const { page } = await browser.open(urlOf(made.run), { width: 400 });
    await page.waitForSelector('.chart svg');
    assert.ok((await page.evaluate('document.documentElement.scrollWidth')) <= 400);
    await page.close();
  });
});

describe('readers of screens', () => {
  let small;
  before(async () => (small = await reportedRun(scoredRows(12))));
  for (const colorScheme of ['light', 'dark'])
    it(`axe has no serious finding, ${colorScheme}`, async () => {
      assert.deepEqual(await seriousFindings(small.run, { colorScheme }), []);
    });
});

describe('bad texts', () => {
  it('no text becomes markup or runs, none ends the page, and it is there soon', async () => {
    const evil = [
      '</script><img src=x onerror="document.title=1"><script>document.title=2</script>',
      '$\\href{javascript:document.title=3}{x}$ $\\htmlClass{a}{b}$ $\\frac{1}{$ $\\undefined$ $x^2^3$',
      `$${'{'.repeat(5000)}$ $${'x'.repeat(20_000)}$ \\boxed{${'{'.repeat(3000)}`,
      '$\\def\\a{\\a\\a}\\a$ $\\rule{9999em}{9999em}$',
      'שלום עולם 😀 مرحبا',
      'x'.repeat(1_000_000),
    ];
    const rows = evil.map((text, at) => ({
      ...scoredRows(1)[0],
      question: `${text} ${at}`,
      difficulty: 0.5,
      rewards: [0.9, 0.8, 0.7],
      responses: [text, '\\boxed{1}', text],
    }));
    const { run } = await reportedRun(rows);
    const started = Date.now();
    const { page, errors, requests } = await browser.open(urlOf(run));
    await page.waitForSelector('article');
    for (const summary of await page.locator('article summary').all()) await summary.click();
    assert.ok(Date.now() - started < 20_000);
    assert.equal(await page.locator('main img, main script, main a[href^="javascript"]').count(), 0);
    assert.match(await page.title(), /^scored: report/);
    assert.ok((await page.locator('main').textContent()).includes('<img src=x onerror='));
    assert.ok((await page.locator('.broken').count()) > 0);
    const widest = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    assert.ok(widest <= 0, String(widest));
    assert.deepEqual([errors, requests.length], [[], 1]);
    await page.close();
  });

  it('a run that kept nothing, and one of no row', async () => {
    const none = await reportedRun(scoredRows(10), [], '\n  - sampleDifficulty: { min: 5 }');
    const empty = await reportedRun([]);
    for (const { run } of [none, empty]) {
      const { page, errors } = await browser.open(urlOf(run));
      await page.waitForSelector('h2');
      assert.deepEqual(errors, []);
      assert.ok(pageParts(run).data.rowsKept === 0);
      await page.close();
    }
  });
});
