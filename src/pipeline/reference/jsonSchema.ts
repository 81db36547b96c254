import { z } from 'zod';
import { modelSchema } from '../../backends/registry.js';
import { loadOperators } from '../../operators/registry.js';
import { pipelineSchema, stepEnabled, stepLabel } from '../schema.js';

/** The JSON Schema (draft 2020-12) of pipeline files, for editors: `# yaml-language-server: $schema=schema.json`. */
export async function pipelineJsonSchema(): Promise<object> {
  const top = z.toJSONSchema(pipelineSchema, { io: 'input' }) as {
    properties: Record<string, Record<string, unknown>>;
  };
  const label = inner(stepLabel);
  const enabled = inner(stepEnabled);
  const steps = (await loadOperators()).map(({ name, summary, options }) => ({
    type: 'object',
    description: summary,
    properties: { [name]: inner(options), label, enabled },
    required: [name],
    additionalProperties: false,
  }));
  top.properties['steps'] = { ...top.properties['steps'], items: { oneOf: steps } };
  top.properties['models'] = { ...top.properties['models'], additionalProperties: inner(modelSchema) };
  return { title: 'ScaleQuest pipeline', ...top };
}

function inner(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}
