// `npm run test:page`: the pages in a real browser, Chromium. CHROMIUM_PATH names another one.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installChromium } from './chromium.mjs';

const here = dirname(fileURLToPath(import.meta.url));

if (!installChromium()) {
  console.error(
    'found no Chromium, expected /usr/bin/chromium. Install one (Debian: apt-get install chromium), or name it in CHROMIUM_PATH.',
  );
  process.exit(1);
}
const tests = readdirSync(here, { recursive: true }).filter((name) => name.endsWith('.test.mjs'));
const args = ['--test', '--test-reporter=spec', '--test-concurrency=1', '--test-timeout=900000'];
const { status } = spawnSync(process.execPath, [...args, ...tests.map((name) => join(here, name))], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
