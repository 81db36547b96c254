import { type CommandSpec, type PipelineFlags, declarePipeline, parseWholeNumber } from '../command.js';
import { ScaleQuestError } from '../../errors.js';
import { refuseFlags } from './check.js';

export const planCommand: CommandSpec = {
  name: 'plan',
  summary: 'Print each step: its model, what it reads, writes and holds.',
  declare: (command) =>
    declarePipeline(command)
      .option('--estimate', 'say what the run will take: requests, tokens, hours, money, memory, disk')
      .option(
        '--from <run>',
        'with --estimate: the folder of a run, or of a pilot, that tells what rows cost',
      )
      .option(
        '--rows <count>',
        'with --estimate: source rows; `limit` or `target` if absent',
        parseWholeNumber,
      )
      .option('--json', 'with --estimate: print it for programs'),
  action: planFileOrChain,
};

interface PlanFlags extends PipelineFlags {
  estimate?: boolean;
  from?: string;
  rows?: number;
  json?: boolean;
}

async function planFileOrChain(file: string, flags: PlanFlags): Promise<void> {
  const { set, estimate, from, rows, json } = flags;
  if (estimate) return printEstimateOf(file, flags);
  if (from !== undefined || rows !== undefined || json)
    throw new ScaleQuestError(
      'ERR_USAGE',
      'found --from, --rows or --json without --estimate, expected both',
    );
  const { planChain, planPipeline } = await import('../../run/plan/planPipeline.js');
  const { printPlan } = await import('../../pipeline/printPlan.js');
  const found = await planChain(file);
  if (!found) return void process.stdout.write(`${printPlan(await planPipeline(file, { set }))}\n`);
  refuseFlags(file, set);
  const { filledRemover } = await import('../../train/environment.js');
  const clean = filledRemover(found.chain.filled);
  const texts = found.links.map(({ link, plan: checked }, index) => {
    const text = checked ? printPlan(checked) : clean(`runs ${link.command!.join(' ')}`);
    return `== ${link.name}, link ${index + 1} of ${found.links.length}\n${text}\n`;
  });
  process.stdout.write(texts.join('\n'));
}

async function printEstimateOf(file: string, { set, from, rows, json }: PlanFlags): Promise<void> {
  const { planChain, planPipeline } = await import('../../run/plan/planPipeline.js');
  if (await planChain(file))
    throw new ScaleQuestError(
      'ERR_USAGE',
      `${file} is a chain, expected one pipeline: estimate each of its links`,
    );
  const { estimatePipeline } = await import('../../run/estimate/estimatePipeline.js');
  const { systemWorld } = await import('../../run/systemWorld.js');
  const plan = await planPipeline(file, { set });
  const estimate = await estimatePipeline(plan, { from, rows }, systemWorld().files);
  if (json) return void process.stdout.write(`${JSON.stringify(estimate, null, 2)}\n`);
  const { printEstimate } = await import('../../run/estimate/printEstimate.js');
  process.stdout.write(`${printEstimate(plan.name, estimate)}\n`);
}
