import { ScaleQuestError } from '../errors.js';
import { type Override, PipelineProblems } from '../pipeline/document.js';
import type { Plan } from '../pipeline/plan.js';
import { omittedText } from '../pipeline/printPlan.js';
import { labelOf } from '../train/schema.js';
import { checkPipeline, planChain } from '../run/planPipeline.js';

export async function checkCommand(
  file: string,
  overrides: readonly Override[],
  online: boolean,
): Promise<void> {
  const found = await planChain(file);
  if (found) {
    refuseFlags(file, overrides, online);
    const lines = found.links.map(
      ({ link, plan }) => `  ${link.name}: ${plan ? describe(plan) : `runs ${link.command![0]}`}\n`,
    );
    process.stdout.write(`${file}: no mistakes; ${found.links.length} links\n${lines.join('')}`);
    return;
  }
  const { plan, problems } = await checkPipeline(file, { set: overrides, online });
  if (plan === null || problems.length > 0) throw new PipelineProblems(problems);
  const without = omittedText(plan);
  process.stdout.write(
    `${file}: no mistakes; ${describe(plan)}${online ? '; every server answers' : ''}\n` +
      (without === null ? '' : `${without}\n`),
  );
}

/** `set` of its links changes a chain, and its servers are not all there at once. */
export function refuseFlags(file: string, overrides: readonly Override[], online = false): void {
  if (overrides.length === 0 && !online) return;
  const flag = online ? '--online' : '--set';
  const message = `${file} is a chain, expected no ${flag}: it is for one pipeline; the links have \`set\``;
  throw new ScaleQuestError('ERR_USAGE', message);
}

function describe({ steps, models, columns, settings }: Plan): string {
  const count = Object.keys(models).length;
  const trained = settings.train.map(labelOf);
  return (
    `${steps.length} step${steps.length === 1 ? '' : 's'}, ${count} model${count === 1 ? '' : 's'}, ` +
    `columns ${columns.map(({ name }) => name).join(', ')}${trained.length > 0 ? `; trains ${trained.join(', ')}` : ''}`
  );
}
