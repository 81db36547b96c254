// A simulated model server as a command of its own: `node server.mjs PORT OPTIONS`. It ends with this process.
import { startEndpoint } from '../../dist/bench/endpoint/start.js';

const [port, options] = process.argv.slice(2);
await startEndpoint({ ...JSON.parse(options), port: Number(port) });
