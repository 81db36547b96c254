// One run in a process of its own: node runChild.js PIPELINE STORE RUN_FOLDER alone|listen. Prints a JSON line for each event of workers.
import { runPipeline } from '../../src/run/runPipeline.js';
import { WORKER_TOKEN_VARIABLE } from '../../src/run/workers/tokenVariable.js';

const [file, store, out, how] = process.argv.slice(2) as [string, string, string, string];
const workers = { listen: { host: '127.0.0.1', port: 0 }, token: process.env[WORKER_TOKEN_VARIABLE] };
const run = await runPipeline(file, {
  ...{ out, set: { store } },
  workers: how === 'listen' ? workers : undefined,
});
const TOLD = ['listening', 'workerJoined', 'workerLeft'];
run.events.subscribe((event) => {
  if (TOLD.includes(event.event)) console.log(JSON.stringify(event));
});
await run.result;
