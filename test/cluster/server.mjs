// A simulated model server as a command of its own: `node server.mjs PORT OPTIONS`. It ends with this process. It listens on every
// address of the machine, as servers of a cluster do. With `log` in the options it writes each request down before it is passed on:
// time, asked or done, hash of the body, number.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { startEndpoint } from '../../dist/bench/endpoint/start.js';

const [port, text] = process.argv.slice(2);
const { log, ...options } = JSON.parse(text);
const endpoint = await startEndpoint({ ...options, port: 0 });
let count = 0;

function note(...words) {
  if (log) appendFileSync(join(log, `${process.pid}.log`), `${Date.now()} ${words.join(' ')}\n`);
}

async function bodyOf(incoming) {
  const pieces = [];
  for await (const piece of incoming) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function pass(incoming, outgoing) {
  const body = await bodyOf(incoming);
  const number = ++count;
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  if (incoming.method === 'POST') note('asked', hash, number);
  const { method, headers } = incoming;
  const passed = request(endpoint.url + incoming.url, { method, headers });
  outgoing.on('close', () => passed.destroy());
  passed.end(body);
  const [reply] = await once(passed, 'response');
  const answer = await bodyOf(reply);
  if (method === 'POST') note('done', hash, number);
  outgoing.writeHead(reply.statusCode, { 'content-type': reply.headers['content-type'] ?? 'text/plain' });
  outgoing.end(answer);
}

createServer((incoming, outgoing) => {
  pass(incoming, outgoing).catch(() => outgoing.destroy());
}).listen(Number(port), '0.0.0.0');
