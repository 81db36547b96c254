import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scrapers, afterScrape, expectedScrapers } from '../../src/metrics/scrapers.js';

function scraped(times: readonly [key: string, atMs: number][], isPrometheus = false): Scrapers {
  return times.reduce<Scrapers>(
    (before, [key, atMs]) => afterScrape(before, key, atMs, isPrometheus),
    new Map(),
  );
}

test('who came twice is awaited for twice its period, whoever came between', () => {
  const scrapers = scraped([
    ['slow', 0],
    ['a look', 4_990],
    ['slow', 5_000],
    ['fast', 5_001],
    ['fast', 5_201],
  ]);
  const expected = expectedScrapers(scrapers, 5_300);
  assert.deepEqual(
    [...expected],
    [
      ['slow', 10_000],
      ['fast', 400],
    ],
  );
});

test('no wait is longer than 30 s; Prometheus is awaited so long before its second scrape', () => {
  const minutes = scraped([
    ['slow', 0],
    ['slow', 60_000],
  ]);
  assert.deepEqual([...expectedScrapers(minutes, 61_000)], [['slow', 30_000]]);
  assert.deepEqual([...expectedScrapers(scraped([['one', 0]], true), 1)], [['one', 30_000]]);
});

test('Prometheus is awaited for 5 s at least, whatever its last two scrapes tell of its period', () => {
  const close: [key: string, atMs: number][] = [
    ['one', 0],
    ['one', 80],
  ];
  assert.deepEqual([...expectedScrapers(scraped(close, true), 100)], [['one', 5_000]]);
  assert.deepEqual([...expectedScrapers(scraped(close), 100)], [['one', 160]]);
});

test('who is gone is not awaited', () => {
  const scrapers = scraped([
    ['fast', 0],
    ['fast', 200],
  ]);
  assert.deepEqual([...expectedScrapers(scrapers, 29_000)], [['fast', 400]]);
  assert.deepEqual([...expectedScrapers(scrapers, 31_000)], []);
  assert.deepEqual([...expectedScrapers(scraped([['one', 0]], true), 200_000)], []);
});

test('of many scrapers the last are known', () => {
  const many = scraped(Array.from({ length: 100 }, (_, at) => [`${at}`, at]));
  assert.deepEqual(
    [...many.keys()],
    Array.from({ length: 32 }, (_, at) => `${at + 68}`),
  );
});
