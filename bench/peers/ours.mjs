// ScaleQuest as a library: positions, a question each, `respond`, Parquet shards with journal and manifest.
import { createContext, mapRows, keep, openModel, respond, writeShards } from '../../dist/src/index.js';
import { MODEL, TOKENS_MAX, questionAt, readArguments } from './work.mjs';

const { url, rows, inFlight, folder } = readArguments();
const solver = await openModel(
  'solver',
  {
    openai: {
      replicas: [`${url}/v1`],
      model: MODEL,
      protocol: 'chat',
      requestsInFlightMax: inFlight,
      slots: inFlight,
    },
  },
  { env: {}, folder: '.' },
);
const context = createContext({ seed: 1, models: { solver }, prompt: () => '{{ question }}' });
const question = { name: 'question', type: 'string', help: 'The question.' };
const ask = mapRows({ step: 'ask', reads: { seq: 'int32' }, writes: [question] }, ({ seq }) =>
  keep({ question: questionAt(seq) }),
);
const columns = [
  { name: 'seq', type: 'int32', help: 'Position.' },
  question,
  { name: 'responses', type: 'list<string>', help: 'The answer.' },
];
const totals = await writeShards(
  { folder, identity: 'peers', name: 'peers', seed: 1, columns, limit: rows, shardRows: 1000 },
  (source) =>
    source.pipe(ask, respond({ model: 'solver', prompt: 'question', n: 1, tokensMax: TOKENS_MAX }, context)),
);
await solver.close();
console.log(JSON.stringify({ rows: totals.kept }));
