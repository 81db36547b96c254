/** The pipelines that the bench replays: the steps of pipelines/quickstart.yaml, behind servers. */

export interface ReplayPipeline {
  rows: number;
  /** Of `scoreReward`: five responses in one call of a reward model, or a call each of a verifier. */
  reward: 'score' | 'yesNo';
  batchRows: number;
  windowRows: number;
  /** Of `keepBest`; 0.5 if absent. */
  rewardMin?: number;
  /** Where no server is. */
  port: number;
}

export function pipelineText(pipeline: ReplayPipeline): string {
  const { rows, reward, batchRows, windowRows, port, rewardMin = 0.5 } = pipeline;
  const server = `http://127.0.0.1:${port}`;
  const rewardModel = reward === 'score' ? 'reward' : 'solver';
  return `name: replay
seed: 7
limit: ${rows}
models:
  solver:
    openai: { model: solver, replicas: ['${server}/v1'], slots: 256 }
    template: qwen2-math
  reward:
    pooling: { model: reward, replicas: ['${server}'], slots: 256, input: text }
source: { batchRows: ${batchRows}, windowRows: ${windowRows} }
steps:
  - generate: { generators: [{ model: solver }], temperature: 1.0, topP: 0.99, tokensMax: 128 }
  - deduplicate: { similarityMin: 0.7 }
  - filterLanguage: { method: both }
  - judgeSolvability: { model: solver, temperature: 0, tokensMax: 112 }
  - scoreDifficulty: { model: solver }
  - sampleDifficulty: { min: 0.15 }
  - respond: { model: solver, n: 5, temperature: 0.7, topP: 0.95, tokensMax: 160 }
  - filterAnswered: {}
  - scoreReward: { model: ${rewardModel}, method: ${reward} }
  - keepBest: { rewardMin: ${rewardMin} }
`;
}
