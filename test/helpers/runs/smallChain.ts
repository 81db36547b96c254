import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { smallPipeline } from './smallPipeline.js';

/** A chain without models: a pipeline, a program that copies its sample, a pipeline on what that wrote. */
export function smallChain(): { file: string; folder: string } {
  const folder = dirname(smallPipeline().file);
  const copy = 'require("fs").copyFileSync(process.argv[1] + "/sample.jsonl", process.argv[2])';
  const file = join(folder, 'chain.yaml');
  const links = [
    { name: 'first', pipeline: 'pipeline.yaml' },
    {
      name: 'copy',
      command: [process.execPath, '-e', copy, '{{ first.run }}', '{{ output }}'],
      output: 'rows.jsonl',
      inputs: ['{{ first.run }}/sample.jsonl'],
    },
    { name: 'second', pipeline: 'pipeline.yaml', set: { 'source.jsonl.path': '{{ copy.output }}' } },
  ];
  writeFileSync(file, JSON.stringify({ name: 'small', folder: join(folder, 'runs'), links }));
  return { file, folder };
}
