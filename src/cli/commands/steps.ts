import { ScaleQuestError } from '../../errors.js';
import type { OperatorSpec } from '../../operators/lib/operator.js';
import type { CommandSpec } from '../command.js';

interface StepsFlags {
  pipeline?: string;
  schema?: boolean;
}

export const stepsCommand: CommandSpec = {
  name: 'steps',
  summary: 'List the operators, or show one: columns, options, contract, an example.',
  declare: (command) =>
    command
      .argument('[name]', 'an operator')
      .option('--pipeline <file>', 'also those that this file names in `operators`; executes none of them')
      .option('--schema', 'print the JSON Schema of pipeline files with these operators, for an editor'),
  action: showSteps,
};

async function showSteps(name: string | undefined, { pipeline, schema = false }: StepsFlags): Promise<void> {
  const others = pipeline === undefined ? [] : await operatorsOf(pipeline);
  if (schema) {
    const { pipelineJsonSchema } = await import('../../pipeline/reference/reference.js');
    process.stdout.write(`${JSON.stringify(await pipelineJsonSchema(others), null, 2)}\n`);
    return;
  }
  const { OPERATOR_NAMES, loadOperator, loadOperators } = await import('../../operators/registry.js');
  if (name === undefined) {
    const { printTable } = await import('../../run/report/report.js');
    const rows = [...(await loadOperators()), ...others].map((spec) => [spec.name, spec.summary]);
    process.stdout.write(
      `${printTable(['step', 'what it does'], rows)}\n\nOne of them in full: scalequest steps generate\n`,
    );
    return;
  }
  const spec = (await loadOperator(name)) ?? others.find((other) => other.name === name);
  if (!spec) {
    const { suggestion } = await import('../../pipeline/nearest.js');
    const known = [...OPERATOR_NAMES, ...others.map((other) => other.name)];
    throw new ScaleQuestError('ERR_USAGE', `no operator is called "${name}"; ${suggestion(name, known)}`);
  }
  const { printOperator } = await import('../../pipeline/reference/reference.js');
  process.stdout.write(`${printOperator(spec)}\n`);
}

async function operatorsOf(pipeline: string): Promise<OperatorSpec[]> {
  const { operatorsOfPipeline } = await import('../../run/plan/planPipeline.js');
  return operatorsOfPipeline(pipeline);
}
