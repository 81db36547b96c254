import { z } from 'zod';
import type { PromptWrapper } from '../backends/model.js';
import { resolveTemplate, templateAt, templateSchema } from '../backends/templates/template.js';
import { ScaleQuestError } from '../errors.js';

/** What stands around a question in training, by template; paths start at `folder`. Throws ERR_PIPELINE_INVALID, ERR_MODEL_LOAD. */
export function promptWrapperFrom(folder: string): (template: unknown) => PromptWrapper {
  return (template) => {
    const parsed = templateSchema.safeParse(template);
    if (!parsed.success) throw new ScaleQuestError('ERR_PIPELINE_INVALID', z.prettifyError(parsed.error));
    return resolveTemplate(templateAt(parsed.data, folder)).promptWrapper;
  };
}
