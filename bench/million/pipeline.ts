import { DEFAULT_KINDS, type Kind, type Lengths } from '../endpoint/texts.js';

/** The steps of pipelines/quickstart.yaml, behind one server that plays every role. */
export function pipelineText({ rows, url }: { rows: number; url: string }): string {
  return `name: million
seed: 7
limit: ${rows}
models:
  solver:
    openai: { model: solver, replicas: ['${url}/v1'], slots: 512 }
    template: qwen2-math
  reward:
    pooling: { model: reward, replicas: ['${url}'], slots: 512, input: text }
source: { batchRows: 512, windowRows: 4096 }
steps:
  - generate: { generators: [{ model: solver }], temperature: 1.0, topP: 0.99, tokensMax: 256 }
  - deduplicate: { similarityMin: 0.7 }
  - filterLanguage: { method: both }
  - judgeSolvability: { model: solver, temperature: 0, tokensMax: 128 }
  - scoreDifficulty: { model: solver }
  - sampleDifficulty: { min: 0.15 }
  - respond: { model: solver, n: 5, temperature: 0.7, topP: 0.95, tokensMax: 512 }
  - filterAnswered: {}
  - scoreReward: { model: reward, method: score }
  - keepBest: { rewardMin: 0.1 }
`;
}

/** Lengths as those of the bundled model: the cost of a row is the flow's, not that of long texts. Words count as tokens. */
const LENGTHS: Record<Kind['reply'], Lengths> = {
  verdict: { meanTokens: 25, sigma: 0.5, capTokens: 100 },
  question: { meanTokens: 50, sigma: 0.5, capTokens: 200 },
  solution: { meanTokens: 110, sigma: 0.5, capTokens: 400 },
  plain: { meanTokens: 110, sigma: 0.5, capTokens: 400 },
};

export const KINDS: Kind[] = DEFAULT_KINDS.map((kind) => ({ ...kind, lengths: LENGTHS[kind.reply] }));
