import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from '../../../../src/cli/show/run/progress.js';
import { flowingEvent, measuredEvent } from '../../../run/monitor/events.js';
import { createOutput } from '../outputs.js';

test('on a terminal it is drawn when something has changed, and taken away at a good end', () => {
  const output = createOutput('bars');
  const progress = createProgress(output, {});
  assert.equal(output.drawn.length, 1, 'a terminal shows at once that something happens');
  output.tick();
  assert.equal(output.drawn.length, 1);
  progress.show(flowingEvent({ target: 10, kept: 5 }));
  progress.show(measuredEvent({ kept: 5 }));
  output.tick();
  assert.match(output.drawn[1]![0]!, /50 % .* 5 of 10 rows kept/);
  output.columns = 40;
  output.tick();
  assert.equal(output.drawn.length, 3, 'another size is drawn anew');
  progress.end(false);
  progress.end(true);
  progress.show(measuredEvent({ kept: 6 }));
  assert.deepEqual([output.ended, output.stopped, output.said], [[false], 1, []]);
});

test('a run that fails leaves what it has shown last', () => {
  const output = createOutput('bars');
  const progress = createProgress(output, {});
  progress.show(flowingEvent({ target: 10 }));
  progress.show({ event: 'delivered', watermark: 9, kept: 7 });
  progress.end(true);
  assert.match(output.drawn.at(-1)![0]!, /7 of 10 rows kept/);
  assert.deepEqual(output.ended, [true]);
});

test('a log gets a line when rows begin to flow, one after ten seconds, more and more seldom, and one at the end', () => {
  const output = createOutput('lines');
  const progress = createProgress(output, {});
  progress.show(flowingEvent({ target: 10 }));
  for (let atS = 0; atS < 25; atS++) {
    output.timeMs += 1000;
    progress.show(measuredEvent({ elapsedS: atS + 1, kept: 3 }));
    output.tick();
  }
  assert.equal(output.said.length, 3);
  progress.end(false);
  assert.equal(output.said.length, 4);
  assert.match(output.said.shift()!, /^0 of 10 rows kept \(0 %\)/);
  assert.ok(output.said.every((line) => line.startsWith('3 of 10 rows kept (30 %)')));
});

test('`none` and `json` show nothing; money is shown where a model has a price', () => {
  for (const mode of ['none', 'json'] as const) {
    const output = createOutput(mode);
    const progress = createProgress(output, {});
    progress.show(flowingEvent());
    progress.end(true);
    assert.deepEqual([output.drawn, output.said], [[], []]);
  }
  const paid = createOutput('bars');
  const price = { currency: 'EUR', in: 1_000_000 };
  const progress = createProgress(paid, { m: { price, servers: 'm' } });
  progress.show(flowingEvent());
  progress.show(measuredEvent());
  paid.tick();
  assert.ok(
    paid.drawn.at(-1)!.some((line) => line.endsWith('40.00 EUR')),
    paid.drawn.at(-1)!.join('\n'),
  );
});
