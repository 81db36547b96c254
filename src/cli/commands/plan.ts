import { type CommandSpec, type PipelineFlags, declarePipeline } from '../command.js';
import { refuseFlags } from './check.js';

export const planCommand: CommandSpec = {
  name: 'plan',
  summary: 'Print each step: its model, what it reads, writes and holds.',
  declare: declarePipeline,
  action: planFileOrChain,
};

async function planFileOrChain(file: string, { set }: PipelineFlags): Promise<void> {
  const { planChain, planPipeline } = await import('../../run/planPipeline.js');
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
