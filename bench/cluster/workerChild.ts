// One worker in a process of its own: node workerChild.js URL CPU.json, with the token in the environment. Writes the seconds of CPU
// that it took from the moment at which it was ready.
import { writeFileSync } from 'node:fs';
import { openWorker } from '../../src/run/workers/openWorker.js';

const [url, cpuFile] = process.argv.slice(2) as [string, string];
let before = process.cpuUsage();
await openWorker({
  ...{ url, signal: new AbortController().signal },
  onState(state) {
    if (state === 'working') before = process.cpuUsage();
  },
});
const { user, system } = process.cpuUsage(before);
writeFileSync(cpuFile, JSON.stringify((user + system) / 1e6));
process.exit(0);
