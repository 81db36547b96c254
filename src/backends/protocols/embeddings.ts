import { z } from 'zod';
import { RowError, allOfRow } from '../../errors.js';
import type { EmbedRequest, Model } from '../model.js';
import type { OpenedModel, Protocol } from '../protocol.js';
import { OPENAI_SPEAKS } from './readOpenaiReply.js';
import { groupPositions, indexedReply, readIndexed } from './scoreModel.js';
import { loadServerClient } from '../server/loadServerClient.js';
import { ENCODER_TOKENS } from '../templates/templateMarkers.js';
import { markersOf } from '../../text/markers.js';
import { HARMLESS } from '../server/refusalGuard.js';
import type { ReadReply, ServerDeps } from '../server/serverClient.js';
import type { Usage } from '../server/tally.js';
import {
  listedOptions,
  checkServers,
  describeServed,
  extraOption,
  loadOptions,
} from '../server/serverOptions.js';
import { type ReplyContext, rowLabel } from '../server/readServerReply.js';

/**
 * Embedding models behind OpenAI's /embeddings (vLLM, SGLang, TEI, OpenAI).
 *
 * Protocol (OpenAI, "Create embeddings"; vllm/entrypoints/pooling/base/protocol.py for the byte order): asked with
 * `{ model, input: [text, …], encoding_format }`; answered with `{ data: [{ index, embedding }], usage }`, where `embedding`
 * is a list of numbers, or the base64 of little-endian 32-bit floats.
 */
const embeddingsOptions = z
  .strictObject({
    ...listedOptions('/embeddings'),
    encoding: z
      .enum(['base64', 'float'])
      .default('base64')
      .describe('How vectors travel: `base64` is a quarter of the bytes; `float` for servers without it.'),
    textsPerRequestMax: z.int().min(1).max(2048).default(32).describe('Most texts in one request.'),
    extra: extraOption(
      ['model', 'input', 'messages', 'encoding_format', 'embed_dtype', 'endianness'],
      'More fields for the body of each request, as { dimensions: 256 }.',
    ),
    ...loadOptions,
  })
  .superRefine(checkServers);

type EmbeddingsOptions = z.output<typeof embeddingsOptions>;

const CAN: Model['can'] = { preQuery: false, choose: false, score: false, embed: true };

export const embeddings = {
  options: embeddingsOptions,
  template: null,
  abilities: { embed: '' },
  describe(options) {
    const { model, extra } = options;
    return { ...describeServed(options), can: CAN, identity: { embeddings: { model, extra } } };
  },
  open: (name, options, _template, deps) => openEmbeddings(name, options, deps),
} satisfies Protocol<typeof embeddingsOptions, null>;

async function openEmbeddings(
  name: string,
  options: EmbeddingsOptions,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const { model, extra, encoding, textsPerRequestMax } = options;
  const { createServerClient } = await loadServerClient();
  const client = await createServerClient(name, options, OPENAI_SPEAKS, deps);
  const { label, stats, close } = client;

  async function embed({ seq, texts, step, record }: EmbedRequest): Promise<number[][]> {
    const sent = groupPositions(texts, textsPerRequestMax).map((positions) => {
      const input = positions.map((position) => texts[position]!);
      const bodyOf = (some: readonly string[]) => ({
        model,
        input: some,
        encoding_format: encoding,
        ...extra,
      });
      const path = '/embeddings';
      return client.send(seq, path, bodyOf(input), readVectors(input.length), {
        ...{ sequences: input.length, step, record },
        control: () => ({ path, body: bodyOf([HARMLESS.user]), read: readVectors(1) }),
      });
    });
    return (await allOfRow(sent)).flatMap(({ vectors }) => vectors);
  }

  const markers = markersOf({ tokens: ENCODER_TOKENS });
  return { label, name, can: CAN, markers, embed, stats, close };
}

function readVectors(count: number): ReadReply<Usage & { vectors: number[][] }> {
  return (reply, context) => {
    const { data, ...usage } = readIndexed(reply, REPLY, context);
    return { ...usage, vectors: vectorsOf(data, count, context) };
  };
}

const REPLY = indexedReply({ embedding: z.union([z.string(), z.array(z.unknown())]) });

function vectorsOf(
  data: readonly { embedding: string | unknown[] }[],
  count: number,
  context: ReplyContext,
): number[][] {
  if (data.length < count) {
    throw new RowError(
      'ROW_FEWER_CHOICES',
      `${rowLabel(context)} returned ${data.length} of ${count} vectors`,
      { mayDiffer: true },
    );
  }
  const vectors = data
    .slice(0, count)
    .map(({ embedding }) => (typeof embedding === 'string' ? decode(embedding) : embedding));
  const length = vectors[0]?.length ?? 0;
  const isSound = (vector: unknown[]) => vector.length === length && vector.every(Number.isFinite);
  if (length > 0 && vectors.every(isSound)) return vectors as number[][];
  throw new RowError(
    'ROW_SCORE_INVALID',
    `${rowLabel(context)} returned a vector that is empty, of another length, or holds no finite number`,
    { mayDiffer: true },
  );
}

function decode(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(at * 4));
}
