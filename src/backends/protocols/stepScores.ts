import { z } from 'zod';
import { RowError } from '../../errors.js';
import { KNOWN_MARKERS, type Markers, markersOf } from '../../text/markers.js';
import type { ScoreItem } from '../model.js';
import { type ReplyContext, type Speaks, rowLabel } from '../server/readServerReply.js';
import { type ItemsRequest, type ScoreProtocol, indexedReply, readIndexed } from './scoreModel.js';

/**
 * Process reward models behind vLLM's /pooling. The steps of a response are written one after the other, each with the step token
 * behind it (model card of Qwen2.5-Math-PRM: `"<extra_0>".join(steps) + "<extra_0>"`), and the server gives the probabilities of the
 * classes at each such token: `{ data: [{ data: [[no, yes], …] }] }` (vLLM 0.32.0: pooling type STEP of Qwen2ForProcessRewardModel,
 * model_executor/layers/pooler/tokwise/methods.py, with a softmax unless `use_activation` is false). A model with one number a step
 * gives that.
 */
export interface StepOptions {
  stepToken: string;
  /** 1 if absent. */
  classIndex?: number | undefined;
  speaks: Speaks;
}

interface Dialogues {
  calls: (items: readonly ScoreItem[]) => ItemsRequest[];
  markers?: Markers | undefined;
}

const REPLY = indexedReply({ data: z.array(z.unknown()) });

/** All items of a request are the steps of one response: one dialogue, one number a step. */
export function stepProtocol(
  { calls, markers }: Dialogues,
  { stepToken, classIndex = 1, speaks }: StepOptions,
): ScoreProtocol {
  return {
    ...{ speaks, scoresSteps: true },
    // A step with the token in it would be two.
    markers: withToken(markers ?? KNOWN_MARKERS, stepToken),
    calls(steps) {
      const { user } = steps[0]!;
      const assistant = steps.map((step) => `${step.assistant}${stepToken}`).join('');
      const [call] = calls([{ user, assistant }]);
      return [{ ...call!, positions: steps.map((_, at) => at) }];
    },
    read(reply, context, count) {
      const { data, ...usage } = readIndexed(reply, REPLY, context);
      const steps = data.flatMap((item) => item.data);
      if (steps.length !== count) throw otherCount(steps.length, count, stepToken, context);
      return { ...usage, scores: probabilitiesOf(steps, classIndex) };
    },
  };
}

function withToken(markers: Markers, token: string): Markers {
  const own = markersOf({ tokens: [token] });
  return {
    find: (text) => {
      const [one, other] = [markers.find(text), own.find(text)];
      return one && other ? (one.at <= other.at ? one : other) : (one ?? other);
    },
    withoutEnd: markers.withoutEnd,
  };
}

/** The probability of the class at each step; what is no number stays, and is refused with the other wrong scores. */
function probabilitiesOf(steps: readonly unknown[], classIndex: number): unknown[] {
  const classes = steps.map((step) => (Array.isArray(step) ? (step as unknown[]) : [step]));
  const areLogits = classes.some(
    (values) => values.length > 1 && isNumbers(values) && !isDistribution(values),
  );
  return classes.map((values) => {
    if (values.length <= 1) return values[0];
    return areLogits && isNumbers(values) ? softmaxAt(values, classIndex) : values[classIndex];
  });
}

function isNumbers(values: readonly unknown[]): values is number[] {
  return values.every((value) => typeof value === 'number');
}

/** Half-precision servers add up to 1 within a hundredth. */
function isDistribution(values: readonly number[]): boolean {
  return values.every((value) => value >= 0) && Math.abs(values.reduce((a, b) => a + b, 0) - 1) < 0.01;
}

function softmaxAt(values: readonly number[], at: number): number | undefined {
  if (at >= values.length) return undefined;
  const top = Math.max(...values);
  return Math.exp(values[at]! - top) / values.reduce((sum, value) => sum + Math.exp(value - top), 0);
}

function otherCount(found: number, steps: number, token: string, context: ReplyContext): RowError {
  return new RowError(
    'ROW_SCORE_INVALID',
    `${rowLabel(context)} gave ${found} scores for ${steps} steps, expected one at each ${JSON.stringify(token)}; if this happens ` +
      'often, that is not its step token, or the server cuts long texts',
    { mayDiffer: true },
  );
}
