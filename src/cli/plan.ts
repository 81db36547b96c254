import type { Override } from '../pipeline/document.js';
import { printPlan } from '../pipeline/printPlan.js';
import { refuseFlags } from './check.js';
import { loadChain, loadPlan } from '../run/load.js';

export async function planCommand(file: string, overrides: readonly Override[]): Promise<void> {
  const found = await loadChain(file, process.env);
  if (!found)
    return void process.stdout.write(`${printPlan(await loadPlan(file, overrides, process.env))}\n`);
  refuseFlags(file, overrides);
  const texts = found.links.map(({ link, plan }, index) => {
    const text = plan ? printPlan(plan) : `runs ${link.command!.join(' ')}`;
    return `== ${link.name}, link ${index + 1} of ${found.links.length}\n${text}\n`;
  });
  process.stdout.write(texts.join('\n'));
}
