import { join } from 'node:path';
import { z } from 'zod';
import { type Files, readWhole } from '../io/files/files.js';

/** What trainers leave and models start from: folders in Hugging Face's form. */

const CONFIG_FILES = ['config.json', 'adapter_config.json'];
const OTHER_WEIGHTS = /^(pytorch_model|adapter_model)[\w.-]*\.bin$|\.(gguf|pt|pth)$/;

/** Why a folder is no model that can be loaded, or null. Reads the heads of its files, not the weights. */
export async function modelProblem(files: Files, folder: string): Promise<string | null> {
  const found = await files.stat(folder);
  if (!found?.isFolder) return `found ${found ? 'a file' : 'nothing'} at ${folder}, expected a folder`;
  const names = await files.readdir(folder);
  const config = CONFIG_FILES.find((name) => names.includes(name));
  if (!config) return `found no ${CONFIG_FILES.join(' or ')} in ${folder}`;
  if ((await readJson(files, join(folder, config))) === null) return `${join(folder, config)} is not JSON`;
  const weights = names.filter((name) => name.endsWith('.safetensors'));
  for (const name of weights) {
    const problem = await safetensorsProblem(files, join(folder, name));
    if (problem !== null) return problem;
  }
  const missing = (await shardsOf(files, folder, names)).find((name) => !names.includes(name));
  if (missing !== undefined) return `found no ${missing} in ${folder}, which its index names`;
  if (weights.length === 0 && !names.some((name) => OTHER_WEIGHTS.test(name)))
    return `found no weights in ${folder}`;
  return null;
}

/** Why an output cannot be what was written, a file or a folder of any form, or null. */
export async function emptyProblem(files: Files, output: string): Promise<string | null> {
  const found = await files.stat(output);
  if (!found) return `there is nothing at ${output}`;
  return found.isFolder && (await files.readdir(output)).length === 0 ? `${output} is empty` : null;
}

const tensor = z.object({ data_offsets: z.tuple([z.number(), z.number()]) });
const index = z.object({ weight_map: z.record(z.string(), z.string()) });

async function shardsOf(files: Files, folder: string, names: readonly string[]): Promise<string[]> {
  const name = names.find((candidate) => candidate.endsWith('.safetensors.index.json'));
  if (name === undefined) return [];
  const { data } = index.safeParse(await readJson(files, join(folder, name)));
  return Object.values(data?.weight_map ?? {});
}

/** Eight bytes of length, a JSON head, and exactly the bytes that it names (the safetensors format). */
async function safetensorsProblem(files: Files, path: string): Promise<string | null> {
  const { sizeBytes = 0 } = (await files.stat(path)) ?? {};
  const file = await files.open(path, 'read');
  try {
    const length = await file.read(0, LENGTH_BYTES);
    if (length.length < LENGTH_BYTES) return `${path} is cut off: it has ${sizeBytes} bytes`;
    const headBytes = Number(new DataView(length.buffer, length.byteOffset).getBigUint64(0, true));
    if (headBytes > sizeBytes - LENGTH_BYTES)
      return `${path} is cut off inside its head, or is no safetensors file`;
    const head = parseJson(await file.read(LENGTH_BYTES, headBytes));
    const tensors = Object.entries((head ?? {}) as object).filter(([name]) => name !== '__metadata__');
    const ends = tensors.map(([, value]) => tensor.safeParse(value).data?.data_offsets[1] ?? NaN);
    const expected = LENGTH_BYTES + headBytes + Math.max(0, ...ends);
    if (tensors.length === 0 || Number.isNaN(expected)) return `${path} is no safetensors file`;
    return expected === sizeBytes ? null : `${path} is cut off: it has ${sizeBytes} bytes of ${expected}`;
  } finally {
    await file.close();
  }
}

const LENGTH_BYTES = 8;

/** The newest whole `checkpoint-<step>` of Hugging Face's Trainer, whose `trainer_state.json` comes last; null if there is none. */
export async function lastCheckpoint(files: Files, output: string): Promise<string | null> {
  if (!(await files.stat(output))?.isFolder) return null;
  const steps = (await files.readdir(output))
    .flatMap((name) => name.match(/^checkpoint-(\d+)$/)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
  for (const step of steps) {
    const path = join(output, `checkpoint-${step}`);
    if ((await readJson(files, join(path, 'trainer_state.json'))) === null) continue;
    if ((await modelProblem(files, path)) === null) return path;
  }
  return null;
}

async function readJson(files: Files, path: string): Promise<unknown> {
  return (await files.stat(path)) ? parseJson(await readWhole(files, path)) : null;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return null;
  }
}
