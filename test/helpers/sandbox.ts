import type { Model, ProgramTests, TestRun } from '../../src/backends/model.js';
import { openModel } from '../../src/backends/openModel.js';
import { modelSchema } from '../../src/backends/registry.js';
import { sandboxLack } from '../../src/backends/sandbox/bubblewrap.js';
import type { IsolateOptions } from '../../src/backends/sandbox/isolate.js';

/** The options of a bubblewrap sandbox, with their defaults. */
export function bubblewrapOptions(options: object = {}): IsolateOptions {
  return (modelSchema.parse({ bubblewrap: options }) as unknown as { bubblewrap: IsolateOptions }).bubblewrap;
}

/** Why no program can be isolated on this machine, with what to install; false where it can. */
export async function lacksSandbox(): Promise<string | false> {
  return (await sandboxLack(bubblewrapOptions(), process.env)) ?? false;
}

export function openSandbox(options: object = {}): Promise<Model> {
  return openModel('sandbox', { bubblewrap: { slots: 2, ...options } }, { env: process.env, folder: '.' });
}

/** Runs a program with small limits. */
export function execute(
  model: Model,
  program: string,
  tests: ProgramTests,
  limits: { cpuSeconds?: number; memoryMiB?: number } = {},
): Promise<TestRun[]> {
  return model.execute({
    ...{ seq: 0, language: 'python', program, tests, cpuSeconds: 2, memoryMiB: 128, ...limits },
  });
}

export const asserts = (...items: string[]): ProgramTests => ({ kind: 'asserts', asserts: items });
export const inputs = (...items: string[]): ProgramTests => ({ kind: 'inputs', inputs: items });
