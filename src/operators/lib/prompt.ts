import { Template } from '@huggingface/jinja';
import { ScaleQuestError } from '../../errors.js';
import { KNOWN_MARKERS } from '../../text/markers.js';
import type { RunContext } from './operator.js';

/** Renders a prompt for one row. */
export type Prompt = (values: Readonly<Record<string, string>>) => string;

/**
 * Compiles a step's prompt (Jinja, as chat templates are) once. It must use every variable in `variables` and no other:
 * Jinja renders an unknown one as nothing, which would cost a whole run of useless replies.
 */
export function compilePrompt(
  context: RunContext,
  name: string,
  path: string | undefined,
  variables: readonly string[],
): Prompt {
  const where = path ?? `the built-in prompt ${name}`;
  const text = context.prompt(name, path);
  const marker = KNOWN_MARKERS.find(text);
  if (marker) {
    const told = `holds the control token ${JSON.stringify(marker.text)}, which the model’s \`template\` writes; take it out`;
    throw invalid(where, told);
  }
  const template = parse(text, where);
  const used = new Set(identifiers(template.parsed));
  const missing = variables.find((variable) => !used.has(variable));
  const unknown = [...used].find((variable) => !variables.includes(variable));
  if (missing) throw invalid(where, `does not use {{ ${missing} }}, so every row would ask the same`);
  if (unknown) {
    throw invalid(
      where,
      `uses {{ ${unknown} }}, expected only ${variables.map((v) => `{{ ${v} }}`).join(', ')}`,
    );
  }
  return (values) => template.render(values);
}

function parse(text: string, where: string): Template {
  try {
    return new Template(text);
  } catch (error) {
    throw invalid(where, `is not a Jinja template: ${(error as Error).message}`);
  }
}

function invalid(where: string, message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_PIPELINE_INVALID', `${where} ${message}`);
}

/** Names that the template looks up; names of filters, tests and attributes are not look-ups. */
function identifiers(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(identifiers);
  if (node === null || typeof node !== 'object') return [];
  const { type, value } = node as { type?: string; value?: string };
  if (type === 'Identifier') return [value!];
  return Object.entries(node).flatMap(([key, child]) =>
    ['filter', 'test', 'property'].includes(key) ? [] : identifiers(child),
  );
}
