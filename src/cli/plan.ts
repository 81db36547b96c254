import type { Override } from '../pipeline/document.js';
import { printPlan } from '../pipeline/printPlan.js';
import { refuseFlags } from './check.js';
import { planChain, planPipeline } from '../run/planPipeline.js';

export async function planCommand(file: string, overrides: readonly Override[]): Promise<void> {
  const found = await planChain(file);
  if (!found)
    return void process.stdout.write(`${printPlan(await planPipeline(file, { set: overrides }))}\n`);
  refuseFlags(file, overrides);
  const texts = found.links.map(({ link, plan }, index) => {
    const text = plan ? printPlan(plan) : `runs ${link.command!.join(' ')}`;
    return `== ${link.name}, link ${index + 1} of ${found.links.length}\n${text}\n`;
  });
  process.stdout.write(texts.join('\n'));
}
