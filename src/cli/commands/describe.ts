import { ScaleQuestError } from '../../errors.js';
import type { CommandSpec } from '../command.js';

interface DescribeFlags {
  module?: string;
  check?: boolean;
}

export const describeCommand: CommandSpec = {
  name: 'describe',
  summary:
    'Write the manifest of operators of your own, from their code, so that pipeline files can name them.',
  declare: (command) =>
    command
      .argument('<operators>', 'a folder or a module with operators: it is executed')
      .option(
        '--module <path>',
        'the module of the folder; what its package.json says, else index.js, if absent',
      )
      .option('--check', 'write nothing, and fail where the manifest is not what the code says'),
  async action(path: string, { module, check = false }: DescribeFlags) {
    const { describeOperators, isCurrent, writeManifest } =
      await import('../../run/operators/describeOperators.js');
    const described = await describeOperators(path, { module });
    const { file, manifest } = described;
    const isWritten = isCurrent(described);
    if (check && !isWritten)
      throw new ScaleQuestError(
        'ERR_OPERATOR_LOAD',
        `${file} is not what the code says; write it anew: npx scalequest describe ${path}`,
      );
    if (!isWritten) await writeManifest(described);
    const names = Object.entries(manifest.operators).map(([name, { summary }]) => `  ${name}: ${summary}`);
    const done = isWritten ? 'is as the code says' : 'is written';
    process.stdout.write(`${[`${file} ${done}:`, ...names].join('\n')}\n`);
  },
};
