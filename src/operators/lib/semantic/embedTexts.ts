import { ScaleQuestError } from '../../../errors.js';
import { type RunContext, modelOf } from '../operator.js';
import { quantize } from './quantize.js';

/** How a step asks for the vectors of texts. */
export interface EmbeddingOptions {
  model: string;
  /** Stands before each text. */
  prefix: string;
  /** The length that its vectors must have. */
  dimensions?: number | undefined;
}

/** The vectors of texts, in their order. A RowError tells that the model gave none; another error ends the run. */
export async function embedTexts(
  context: RunContext,
  { model, prefix, dimensions }: EmbeddingOptions,
  seq: number,
  texts: readonly string[],
): Promise<Int8Array[]> {
  const asked = texts.map((text) => prefix + text);
  const vectors = await modelOf(context, model).embed({ seq, texts: asked });
  const wrong = vectors.find(({ length }) => dimensions !== undefined && length !== dimensions);
  if (!wrong) return vectors.map(quantize);
  throw new ScaleQuestError(
    'ERR_MODEL_PROTOCOL',
    `model ${model} gave a vector of ${wrong.length} numbers, expected ${dimensions} (dimensions); correct \`dimensions\`, ` +
      'or have the model give vectors of that length.',
  );
}
