import { ScaleQuestError } from '../../errors.js';
import type { CommandSpec } from '../command.js';

export const stepsCommand: CommandSpec = {
  name: 'steps',
  summary: 'List the operators, or show one: columns, options, contract, an example.',
  declare: (command) => command.argument('[name]', 'an operator'),
  action: showSteps,
};

async function showSteps(name: string | undefined): Promise<void> {
  const { OPERATOR_NAMES, loadOperator, loadOperators } = await import('../../operators/registry.js');
  if (name === undefined) {
    const { printTable } = await import('../../run/report/report.js');
    const rows = (await loadOperators()).map((spec) => [spec.name, spec.summary]);
    process.stdout.write(
      `${printTable(['step', 'what it does'], rows)}\n\nOne of them in full: scalequest steps generate\n`,
    );
    return;
  }
  const spec = await loadOperator(name);
  if (!spec) {
    const { suggestion } = await import('../../pipeline/nearest.js');
    throw new ScaleQuestError(
      'ERR_USAGE',
      `no operator is called "${name}"; ${suggestion(name, OPERATOR_NAMES)}`,
    );
  }
  const { printOperator } = await import('../../pipeline/reference/reference.js');
  process.stdout.write(`${printOperator(spec)}\n`);
}
