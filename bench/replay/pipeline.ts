import { type MethodSteps, methodText } from '../methodSteps.js';

/** The pipelines that the bench replays: the steps of pipelines/quickstart.yaml, behind servers. */

export interface ReplayPipeline {
  rows: number;
  reward: MethodSteps['reward'];
  batchRows: number;
  windowRows: number;
  /** Of `keepBest`; 0.5 if absent. */
  rewardMin?: number;
  /** Where no server is. */
  port: number;
}

export function pipelineText(pipeline: ReplayPipeline): string {
  const { rows, reward, batchRows, windowRows, port, rewardMin = 0.5 } = pipeline;
  const tokensMax = { question: 128, verdict: 112, solution: 160 };
  return `name: replay
seed: 7
limit: ${rows}
source: { batchRows: ${batchRows}, windowRows: ${windowRows} }
${methodText(`http://127.0.0.1:${port}`, 256, { tokensMax, reward, rewardMin })}`;
}
