import assert from 'node:assert/strict';
import { test } from 'node:test';
import { widthOf } from '../../../../src/cli/show/fit.js';
import { runLine, runLines } from '../../../../src/cli/show/run/runView.js';
import { stylesOf } from '../../../../src/cli/show/styles.js';
import { type RunState, newRunState, nextRunState } from '../../../../src/run/monitor/runState.js';
import { flowingEvent, measuredEvent } from '../../../run/monitor/events.js';

const PLAIN = stylesOf({ isTTY: false });
const COLOURED = stylesOf({ isTTY: true, hasColors: () => true });

const REPLICA = {
  ...{ url: 'http://10.0.0.1:8000/v1', state: 'closed' as const, limit: 64, outstanding: 40 },
  ...{ inFlight: 30, requests: 500, failures: 0, promptTokens: 0, completionTokens: 0 },
};

const STATS = {
  ...{ requests: 1500, retries: 3, failures: 0, inFlight: 60, queued: 300 },
  ...{ promptTokens: 1_200_000, completionTokens: 340_000, memoryPeakBytes: 0, storeHits: 500 },
  replicas: [REPLICA, { ...REPLICA, state: 'ejected' as const }],
};

/** A run in its middle. */
function middle(changes: { target?: number; limit?: number } = { target: 500 }): RunState {
  const steps = {
    generate: { rowsIn: 2100, kept: 2100, dropped: 0, rejected: 0 },
    filter: { rowsIn: 2000, kept: 1500, dropped: 498, rejected: 2 },
    respond: { rowsIn: 310, kept: 310, dropped: 0, rejected: 0 },
  };
  const measured = measuredEvent({
    ...{
      elapsedS: 100,
      issued: 2200,
      watermark: 152,
      inFlight: 2048,
      kept: 120,
      steps,
      models: { solver: STATS },
    },
  });
  return [flowingEvent(changes), measured].reduce(nextRunState, newRunState());
}

test('80 columns: bar, rows, rate, time left, tokens, hits, money; a line a step and a model', () => {
  const cost = { money: { USD: 0.31 }, gpuHours: null, unknown: {} };
  assert.deepEqual(runLines(middle(), { columns: 80, rows: 24, styles: PLAIN, cost }), [
    ' 62 % ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━────────────────────  310 of 500 rows kept',
    '3.1 rows/s · 1 min 1 s left · 1 min 40 s so far · 2,048 rows in flight',
    '1,500 requests · 500 calls (25 %) from the store · tokens 1.2M in, 340k out',
    '0.31 USD',
    'step      rows in   kept  dropped  rejected  rows/s',
    'generate    2,100  2,100        0         0      21',
    'filter      2,000  1,500      498         2      20',
    'respond       310    310        0         0     3.1',
    'model   in flight  queued  limit  servers  calls/s  out tok/s  retries',
    'solver         60     300    128   1 of 2       11      3,400        3',
  ]);
});

test('40 columns have fewer numbers, 200 all of them', () => {
  const narrow = runLines(middle(), { columns: 40, rows: 24, styles: PLAIN });
  assert.deepEqual(narrow, [
    ' 62 % ━━━━━━─────  310 of 500 rows kept',
    '3.1 rows/s · 1 min 1 s left',
    '1 min 40 s so far',
    '2,048 rows in flight · 1,500 requests',
    '500 calls (25 %) from the store',
    'tokens 1.2M in, 340k out',
    'step       kept  dropped  rejected',
    'generate  2,100        0         0',
    'filter    1,500      498         2',
    'respond     310        0         0',
    'model   in flight  queued  out tok/s',
    'solver         60     300      3,400',
  ]);
  const wide = runLines(middle(), { columns: 200, rows: 24, styles: PLAIN });
  assert.match(
    wide.find((line) => line.startsWith('model'))!,
    /in tok\/s +out tok\/s +from store +retries$/,
  );
  assert.ok(wide.length < narrow.length);
});

test('no line is wider than the terminal, none is wrapped, and there are never more than it has', () => {
  const states = [newRunState(), middle(), middle({}), middle({ limit: 3000 }), waiting()];
  for (const state of states) {
    for (const styles of [PLAIN, COLOURED]) {
      for (let columns = 1; columns < 210; columns += columns < 90 ? 1 : 20) {
        for (const rows of [1, 2, 3, 5, 8, 24]) {
          const lines = runLines(state, { columns, rows, styles });
          assert.ok(lines.length <= Math.max(1, rows - 1), `${lines.length} lines of ${rows}`);
          const widest = Math.max(...lines.map(widthOf));
          assert.ok(widest <= Math.max(1, columns - 1), `${widest} of ${columns}: ${lines.join('|')}`);
        }
      }
    }
  }
});

/** A run whose server writes wide characters, marks and controls into its log. */
function waiting(): RunState {
  const line = 'モデルを読み込んでいます 👨‍👩‍👧 e\u0301\u0301 \x1b[2J\x07 ███ 100%';
  const starting = { event: 'starting', model: 'solver', waitedS: 75, line } as const;
  return [starting, measuredEvent({ elapsedS: 75, models: {} })].reduce(nextRunState, newRunState());
}

test('while it opens, it says what it waits for, and nothing that a terminal obeys', () => {
  const lines = runLines(waiting(), { columns: 80, rows: 24, styles: PLAIN });
  assert.deepEqual(lines.slice(0, 3), ['no rows yet', '1 min 15 s so far', 'Waiting for the models to load']);
  assert.match(lines[3]!, /^Waiting for the server of solver, 1 min 15 s: モデルを読み込んでいます/);
  assert.ok(!/[\x00-\x1f]/.test(lines.join('')));
});

test('where nothing tells the end, there is no bar, and no time', () => {
  const [first, second] = runLines(middle({}), { columns: 80, rows: 24, styles: PLAIN });
  assert.equal(first, '310 rows kept, 152 source rows done');
  assert.match(second!, /^3\.1 rows\/s · its source ends it · /);
});

test('a log has all of it in one line, with every step', () => {
  assert.equal(
    runLine(middle(), {}),
    '310 of 500 rows kept (62 %) · 3.1 rows/s · 1 min 1 s left · 1 min 40 s so far · 2,048 rows in flight · 1,500 requests · ' +
      '500 calls (25 %) from the store · tokens 1.2M in, 340k out · solver: 60 in flight, 300 queued, 3,400 tok/s · ' +
      'kept by generate 2,100, filter 1,500, respond 310',
  );
});
