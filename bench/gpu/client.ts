// Our client on a load of jobs (loads.py): node dist/bench/gpu/client.js --url=http://127.0.0.1:8000 --load=load.json
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ReplicaStats } from '../../src/backends/model.js';
import { openModel } from '../../src/backends/openModel.js';

const { values } = parseArgs({
  options: {
    /** Of each replica of the writer. */
    url: { type: 'string', multiple: true, default: ['http://127.0.0.1:8000'] },
    /** Of the reward model, where the load asks one. */
    reward: { type: 'string' },
    load: { type: 'string', default: 'load.json' },
    /** Ends then, whatever is left: to measure a rate without a drain. */
    seconds: { type: 'string' },
    /** More options of the backends, as JSON. */
    options: { type: 'string', default: '{}' },
  },
});
const SAMPLE_MS = 250;
/** Which replies `choose` tells apart decides nothing that the server sees. */
const DIGITS = Array.from({ length: 10 }, (_, digit) => `${digit}`);

interface Job {
  to: 'writer' | 'reward';
  sequences: number;
  body: {
    prompt: string;
    n: number;
    max_tokens: number;
    temperature: number;
    top_p: number;
    seed?: number;
    stop: string[];
    logprobs?: number;
    ignore_eos?: boolean;
    input: string[];
  };
}

const jobs = JSON.parse(readFileSync(values.load, 'utf8')) as Job[];
const more = JSON.parse(values.options) as object;
const deps = { env: {}, folder: '.' };
const { stop, ignore_eos } = jobs.find(({ to }) => to === 'writer')!.body;
const writer = await openModel(
  'm',
  {
    openai: {
      ...{ replicas: values.url.map((url) => `${url}/v1`), model: 'm' },
      ...(ignore_eos && { extra: { ignore_eos } }),
      ...more,
    },
    template: { preQuery: '0', user: '{{ user }}', stop },
  },
  deps,
);
const reward =
  values.reward === undefined
    ? undefined
    : await openModel(
        'reward',
        {
          classify: { replicas: [values.reward], model: 'reward', input: 'text', ...more },
          template: { pair: '{{ user }}{{ assistant }}', user: '{{ user }}' },
        },
        deps,
      );

async function tokensOf({ to, body }: Job, seq: number): Promise<number> {
  if (to === 'reward') {
    await reward!.score({ seq, items: body.input.map((user) => ({ user, assistant: null })) });
    return 0;
  }
  const message = { kind: 'user', text: body.prompt } as const;
  if (body.logprobs !== undefined) {
    await writer.choose({ seq, message, options: DIGITS });
    return 1;
  }
  const { n, max_tokens: tokensMax, temperature, top_p: topP, seed = seq } = body;
  const choices = await writer.complete({ seq, message, n, tokensMax, temperature, topP, seed });
  return choices.reduce((sum, choice) => sum + choice.tokens, 0);
}

const cpuBefore = process.cpuUsage();
const startMs = performance.now();
const startedAt = Date.now() / 1000;
const seconds = (): number => (performance.now() - startMs) / 1000;
/** Seconds since the start, tokens, and sequences at the writer, of each request that ended. */
const ends: [number, number, number][] = [];
const inFlight: [number, number][] = [];
/** Each replica over time, as our client sees it. A call that moves to another replica is no retry, but a request more. */
const replicas: [number, readonly ReplicaStats[]][] = [];

function sample(): void {
  const stats = writer.stats();
  inFlight.push([seconds(), stats.inFlight]);
  replicas.push([seconds(), stats.replicas ?? []]);
}

const sampler = setInterval(sample, SAMPLE_MS);
const asked = Promise.all(
  jobs.map(async (job, seq) => {
    const tokens = await tokensOf(job, seq);
    ends.push([seconds(), tokens, job.to === 'writer' ? job.sequences : 0]);
  }),
);
await (values.seconds === undefined
  ? asked
  : Promise.race([asked, delay(Number(values.seconds) * 1000, null, { ref: false })]));
const took = seconds();
sample();
clearInterval(sampler);
const { user, system } = process.cpuUsage(cpuBefore);
const { retries, failures } = writer.stats();
asked.catch(() => undefined);
await Promise.all([writer.close(), reward?.close()]);
const cpuSeconds = (user + system) / 1e6;
const result = { startedAt, seconds: took, ends, inFlight, replicas, retries, failures, cpuSeconds };
console.log(JSON.stringify(result));
