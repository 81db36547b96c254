import { DEFAULT_KINDS, type Kind, type Lengths } from '../endpoint/texts.js';
import { methodText } from '../methodSteps.js';

/** The steps of pipelines/quickstart.yaml, behind one server that plays every role. */
export function pipelineText({ rows, url }: { rows: number; url: string }): string {
  const tokensMax = { question: 256, verdict: 128, solution: 512 };
  return `name: million
seed: 7
limit: ${rows}
source: { batchRows: 512, windowRows: 4096 }
${methodText(url, 512, { tokensMax, reward: 'score', rewardMin: 0.1 })}`;
}

/** Lengths as those of the bundled model: the cost of a row is the flow's, not that of long texts. Words count as tokens. */
const LENGTHS: Record<Kind['reply'], Lengths> = {
  verdict: { meanTokens: 25, sigma: 0.5, capTokens: 100 },
  question: { meanTokens: 50, sigma: 0.5, capTokens: 200 },
  solution: { meanTokens: 110, sigma: 0.5, capTokens: 400 },
  plain: { meanTokens: 110, sigma: 0.5, capTokens: 400 },
};

export const KINDS: Kind[] = DEFAULT_KINDS.map((kind) => ({ ...kind, lengths: LENGTHS[kind.reply] }));
