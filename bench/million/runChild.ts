// One run in a process of its own: node runChild.js PIPELINE STORE RUN_FOLDER FIRST_ROW.json [HELD_UP.json]
// Writes the time of the first new row as soon as it is with the writer; performance.json of the run folder holds the rest.
import { writeFileSync } from 'node:fs';
import { runPipeline } from '../../src/run/runPipeline.js';
import { watchHeldUp } from './heldUp.js';

const [file, store, out, firstRow, heldUp] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];
const watch = heldUp === undefined ? null : watchHeldUp();
const startedMs = performance.now();
const run = await runPipeline(file, { out, set: { store } });
let from = 0;
let isFirst = true;
run.events.subscribe((event) => {
  if (event.event === 'flowing') from = event.from;
  if (event.event !== 'delivered' || !isFirst || event.watermark <= from) return;
  isFirst = false;
  writeFileSync(firstRow, JSON.stringify({ from, afterMs: performance.now() - startedMs }));
});
await run.result;
if (watch) writeFileSync(heldUp!, JSON.stringify(watch()));
