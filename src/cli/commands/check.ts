import { PipelineProblems, ScaleQuestError } from '../../errors.js';
import type { Override } from '../../pipeline/document.js';
import type { Plan } from '../../pipeline/plan.js';
import { type CommandSpec, type PipelineFlags, declarePipeline } from '../command.js';

export const checkCommand: CommandSpec = {
  name: 'check',
  summary: 'Find every mistake in a pipeline file before any request is sent.',
  declare: (command) =>
    declarePipeline(command).option('--online', 'also ask every server of every model one small question'),
  action: checkFileOrChain,
};

interface CheckFlags extends PipelineFlags {
  online?: boolean;
}

async function checkFileOrChain(file: string, { online = false, set }: CheckFlags): Promise<void> {
  const { checkPipeline, planChain } = await import('../../run/plan/planPipeline.js');
  const { leftOutText, omittedText, undeclaredText, unheldText } =
    await import('../../pipeline/printPlan.js');
  const { labelOf } = await import('../../train/schema.js');
  const textOf = (found: Described): string => describe(found, found.settings.train.map(labelOf));
  const found = await planChain(file, undefined, { needsKeys: true });
  if (found) {
    refuseFlags(file, set, online);
    const lines = found.links.map(
      ({ link, plan }) => `  ${link.name}: ${plan ? textOf(plan) : `runs ${link.command![0]}`}\n`,
    );
    process.stdout.write(`${file}: no mistakes; ${found.links.length} links\n${lines.join('')}`);
    return;
  }
  const { plan, problems } = await checkPipeline(file, { set, online });
  if (plan === null || problems.length > 0) throw new PipelineProblems(problems);
  const notes = [
    undeclaredText(plan),
    omittedText(plan),
    unheldText(plan),
    plan.leftOut.length > 0 ? leftOutText(plan.leftOut) : null,
  ].filter((note) => note !== null);
  process.stdout.write(
    `${file}: no mistakes; ${textOf(plan)}${online ? '; every server answers' : ''}\n` +
      notes.map((note) => `${note}\n`).join(''),
  );
}

/** A chain is changed by `set` of its links, and its servers do not all run at once. */
export function refuseFlags(file: string, overrides: readonly Override[], online = false): void {
  if (overrides.length === 0 && !online) return;
  const flag = online ? '--online' : '--set';
  const message = `${file} is a chain, expected no ${flag}: it is for one pipeline; the links have \`set\``;
  throw new ScaleQuestError('ERR_USAGE', message);
}

type Described = Pick<Plan, 'steps' | 'models' | 'columns' | 'settings'>;

function describe({ steps, models, columns }: Described, trained: readonly string[]): string {
  const count = Object.keys(models).length;
  return (
    `${steps.length} step${steps.length === 1 ? '' : 's'}, ${count} model${count === 1 ? '' : 's'}, ` +
    `columns ${columns.map(({ name }) => name).join(', ')}${trained.length > 0 ? `; trains ${trained.join(', ')}` : ''}`
  );
}
