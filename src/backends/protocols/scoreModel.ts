import { z } from 'zod';
import { RowError, ScaleQuestError, allOfRow } from '../../errors.js';
import type { Markers } from '../../text/markers.js';
import type { Model, ScoreItem, ScoreRequest } from '../model.js';
import type { OpenedModel } from '../protocol.js';
import type { HttpReply } from '../http/httpClient.js';
import { loadServerClient } from '../server/loadServerClient.js';
import { HARMLESS } from '../server/refusalGuard.js';
import type { ReadReply, ServerDeps } from '../server/serverClient.js';
import type { Usage } from '../server/tally.js';
import { type ServerOptions, extraOption } from '../server/serverOptions.js';
import { jsonText, serverWords } from '../server/serverError.js';
import { tokenCount, usageNotes } from '../server/tokenCount.js';
import { type ReplyContext, type Speaks, parseReply, rowLabel } from '../server/readServerReply.js';

/** What all protocols that score share: how items are cut into requests, and which scores are valid. */

export const SCORES: Model['can'] = { preQuery: false, choose: false, score: true, embed: false };
export const STEP_SCORES: Model['can'] = { ...SCORES, score: false, scoreSteps: true };

/** `ownFields`: what the framework sets in a body. */
export function scoreOptions(ownFields: readonly string[], itemsPerRequestMax: number, example: string) {
  return {
    itemsPerRequestMax: z
      .int()
      .min(1)
      .max(4096)
      .default(itemsPerRequestMax)
      .describe('Most responses of a row in one request.'),
    extra: extraOption(ownFields, `More fields for the body of each request, as ${example}.`),
  };
}

/** One request for some of the items. */
export interface ItemsRequest {
  path: string;
  body: object;
  /** Positions of its items in the row, in the order of the body. */
  positions: readonly number[];
}

/** What a reply holds: a score for each item of its request, of whatever type the server wrote. */
export interface ScoreReply extends Usage {
  scores: unknown[];
}

export interface ScoreProtocol {
  speaks: Speaks;
  /** It scores the steps of one response, which are the items of a request, and nothing else. */
  scoresSteps?: boolean;
  /** What no text of a row may hold; the markers of all families if absent. */
  markers?: Markers | undefined;
  /** The requests for a row's items. */
  calls(items: readonly ScoreItem[]): ItemsRequest[];
  /** `count`: how many items the request had. */
  read(reply: HttpReply, context: ReplyContext, count: number): ScoreReply;
}

/** A model that does nothing but score. Rejects with ERR_MODEL_LOAD if the key's variable is not set. */
export async function openScoreModel(
  name: string,
  options: ServerOptions,
  protocol: ScoreProtocol,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const { createServerClient } = await loadServerClient();
  const client = await createServerClient(name, options, protocol.speaks, deps);
  const { label, stats, close } = client;

  const { scoresSteps = false } = protocol;

  async function score({ seq, items, areSteps = false, step, record }: ScoreRequest): Promise<number[]> {
    if (areSteps !== scoresSteps) throw otherScores(label, scoresSteps);
    const scores = items.map(() => NaN);
    const sent = protocol.calls(items).map(async ({ path, body, positions }) => {
      const reply = await client.send(seq, path, body, readScores(protocol, positions.length), {
        ...{ sequences: positions.length, step, record },
        control: () => ({ ...protocol.calls([harmless(items[0]!)])[0]!, read: readScores(protocol, 1) }),
      });
      for (const [at, position] of positions.entries()) scores[position] = reply.scores[at]!;
    });
    await allOfRow(sent);
    return scores;
  }

  const can = scoresSteps ? STEP_SCORES : SCORES;
  return { label, name, can, markers: protocol.markers, score, stats, close };
}

function otherScores(label: string, scoresSteps: boolean): ScaleQuestError {
  const message = scoresSteps
    ? 'scores steps, not responses; expected `method: steps`, or no `stepToken`'
    : 'does not score steps; expected `stepToken` in its options, or another `method`';
  return new ScaleQuestError('ERR_PIPELINE_MODEL', `${label} ${message}`);
}

function readScores({ read }: ScoreProtocol, count: number): ReadReply<Usage & { scores: number[] }> {
  return (reply, context) => checkScores(read(reply, context, count), count, context);
}

function harmless({ assistant }: ScoreItem): ScoreItem {
  return assistant === null ? { user: HARMLESS.user, assistant } : HARMLESS;
}

/** A missing score is not a low score, and NaN cannot be compared. Such a row is lost, with the reason. */
function checkScores(
  { scores, ...usage }: ScoreReply,
  count: number,
  context: ReplyContext,
): Usage & { scores: number[] } {
  if (scores.length < count) {
    throw new RowError(
      'ROW_FEWER_CHOICES',
      `${rowLabel(context)} returned ${scores.length} of ${count} scores`,
      { mayDiffer: true },
    );
  }
  const wrong = scores.slice(0, count).find((score) => !Number.isFinite(score));
  if (scores.slice(0, count).every((score) => Number.isFinite(score))) {
    return { ...usage, scores: scores.slice(0, count) as number[] };
  }
  const shown = typeof wrong === 'number' ? String(wrong) : wrong === undefined ? 'none' : jsonText(wrong);
  throw new RowError(
    'ROW_SCORE_INVALID',
    `${rowLabel(context)} returned ${serverWords(shown, context.apiKey, 80)} for a score, expected a finite number`,
    { mayDiffer: true },
  );
}

/** The positions of `items` in groups of at most `sizeMax`. */
export function groupPositions(items: readonly unknown[], sizeMax: number): number[][] {
  return Array.from({ length: Math.ceil(items.length / sizeMax) }, (_, group) =>
    items.slice(group * sizeMax, (group + 1) * sizeMax).map((_, at) => group * sizeMax + at),
  );
}

interface Indexed<Item> {
  data: (Item & { index?: number | undefined })[];
  usage?: unknown;
}

/** The schema of `{ data: [{ index, … }], usage }`, as vLLM answers. Made once: to make it costs more than to read a reply. */
export function indexedReply<Item extends z.ZodRawShape>(
  item: Item,
): z.ZodType<Indexed<z.output<z.ZodObject<Item>>>> {
  const indexed = z.object({ index: z.int().min(0).optional(), ...item });
  const schema = z.object({ data: z.array(indexed), usage: z.unknown().optional() });
  return schema as unknown as z.ZodType<Indexed<z.output<z.ZodObject<Item>>>>;
}

/** The data in the order of their index, and the tokens. */
export function readIndexed<Item>(reply: HttpReply, schema: z.ZodType<Indexed<Item>>, context: ReplyContext) {
  const { data, usage } = parseReply(reply, schema, 'data', context);
  const ordered = data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
  const { prompt_tokens: promptTokens } = (usage ?? {}) as { prompt_tokens?: unknown };
  const notes = usageNotes(usage, ['prompt_tokens']);
  const counted = { promptTokens: tokenCount(promptTokens) ?? 0, completionTokens: 0 };
  return { data: ordered, ...counted, ...(notes.length > 0 ? { notes } : {}) };
}
