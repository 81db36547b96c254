// Makes the reference with TypeDoc, by typedoc.json. run.mjs installs TypeDoc before.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, ReflectionKind } from 'typedoc';

process.chdir(dirname(fileURLToPath(import.meta.url)));
const app = await Application.bootstrapWithPlugins({ options: join(process.cwd(), 'typedoc.json') });
const project = await app.convert();
if (!project) process.exit(1);

// The doc comment of a type says what its inline parts mean, such as the columns in `{ response: string; reward: number }`.
const inline = project
  .getReflectionsByKind(ReflectionKind.Property | ReflectionKind.Method)
  .filter((reflection) => !reflection.hasComment() && isInTypeLiteral(reflection))
  .map((reflection) => reflection.getFriendlyFullName());
app.options.setValue('intentionallyNotDocumented', [...new Set(inline)]);
app.validate(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);

function isInTypeLiteral({ parent }) {
  return parent !== undefined && (parent.kindOf(ReflectionKind.TypeLiteral) || isInTypeLiteral(parent));
}
