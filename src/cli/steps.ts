import { ScaleQuestError } from '../errors.js';
import { OPERATORS, operatorNamed } from '../operators/registry.js';
import { suggestion } from '../pipeline/nearest.js';
import { printOperator } from '../pipeline/reference/reference.js';
import { printTable } from '../run/report.js';

export function stepsCommand(name: string | undefined): void {
  if (name === undefined) {
    const rows = OPERATORS.map((spec) => [spec.name, spec.summary]);
    process.stdout.write(
      `${printTable(['step', 'what it does'], rows)}\n\nOne of them in full: scalequest steps generate\n`,
    );
    return;
  }
  const spec = operatorNamed(name);
  if (!spec) {
    const known = OPERATORS.map((each) => each.name);
    throw new ScaleQuestError('ERR_USAGE', `no operator is called "${name}"; ${suggestion(name, known)}`);
  }
  process.stdout.write(`${printOperator(spec)}\n`);
}
