/** The steps of pipelines/quickstart.yaml for models `solver` and `reward` of a server, as benches vary them. */
export interface MethodSteps {
  tokensMax: { question: number; verdict: number; solution: number };
  /** Of `scoreReward`: the responses in one call of a reward model, or a call each of a verifier. */
  reward: 'score' | 'yesNo';
  /** Of `keepBest`. */
  rewardMin: number;
}

/** Beside the steps, the models at one server that plays every role. `slots`: of each model. */
export function methodText(server: string, slots: number, steps: MethodSteps): string {
  const { tokensMax, reward, rewardMin } = steps;
  const { question, verdict, solution } = tokensMax;
  const rewardModel = reward === 'score' ? 'reward' : 'solver';
  return `models:
  solver:
    openai: { model: solver, replicas: ['${server}/v1'], slots: ${slots} }
    template: qwen2-math
  reward:
    pooling: { model: reward, replicas: ['${server}'], slots: ${slots}, input: text }
steps:
  - generate: { generators: [{ model: solver }], temperature: 1.0, topP: 0.99, tokensMax: ${question} }
  - deduplicate: { similarityMin: 0.7 }
  - filterLanguage: { method: both }
  - judgeSolvability: { model: solver, temperature: 0, tokensMax: ${verdict} }
  - scoreDifficulty: { model: solver }
  - sampleDifficulty: { min: 0.15 }
  - respond: { model: solver, n: 5, temperature: 0.7, topP: 0.95, tokensMax: ${solution} }
  - filterAnswered: {}
  - scoreReward: { model: ${rewardModel}, method: ${reward} }
  - keepBest: { rewardMin: ${rewardMin} }
`;
}
