// Chromium for the tests of pages: found, or installed by apt.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export function findChromium() {
  return PLACES.find((path) => path && existsSync(path)) ?? null;
}

/** Installs Debian's where none is found and this is root; null where that fails. */
export function installChromium() {
  if (findChromium()) return findChromium();
  if (process.getuid?.() !== 0) return null;
  console.error('installing chromium by apt-get …');
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { stdio: 'ignore' });
  return findChromium();
}

/** A browser with one way to open pages: errors of a page, and whatever it asks the network for, are kept. */
export async function startBrowser() {
  const browser = await chromium.launch({ executablePath: findChromium() });
  return {
    async open(url, { width = 1200, height = 900, colorScheme = 'light' } = {}) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme });
      const errors = [];
      const requests = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('request', (request) => request.url().startsWith('data:') || requests.push(request.url()));
      await page.goto(url);
      return { page, errors, requests };
    },
    close: () => browser.close(),
  };
}
