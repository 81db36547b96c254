import { type Override, PipelineProblems } from '../pipeline/document.js';
import { checkOnline } from '../pipeline/checkOnline.js';
import { leftOutText } from '../pipeline/plan.js';
import { loadPlan } from './load.js';

export async function checkCommand(
  file: string,
  overrides: readonly Override[],
  online: boolean,
): Promise<void> {
  const plan = await loadPlan(file, overrides);
  if (online) {
    const problems = await checkOnline(plan, { env: process.env, folder: plan.folder });
    if (problems.length > 0) throw new PipelineProblems(problems);
  }
  const without = leftOutText(plan);
  const models = Object.keys(plan.models).length;
  process.stdout.write(
    `${file}: no mistakes; ${plan.steps.length} steps, ${models} model${models === 1 ? '' : 's'}, ` +
      `columns ${plan.columns.map(({ name }) => name).join(', ')}${online ? '; every server answers' : ''}\n` +
      (without === null ? '' : `${without}\n`),
  );
}
