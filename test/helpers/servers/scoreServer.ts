import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import type { ServerResponse } from 'node:http';
import type { Model, ScoreItem } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import { ScaleQuestError } from '../../../src/errors.js';
import { type FaultServer, type Seen, sendJson, startFaultServer } from './faultServer.js';
import { systemClock } from '../../../src/clock.js';

export const PAIRS: ScoreItem[] = ['2', '3', '4'].map((assistant) => ({ user: '1+1?', assistant }));

const opened: { model?: Model; server?: FaultServer }[] = [];

afterEach(async () => {
  for (const { model, server } of opened.splice(0)) {
    await model?.close();
    await server?.stop();
  }
});

/** Answers with what `reply` makes of a body, or with what it does itself. */
export async function serve(
  reply: (body: Record<string, unknown>, index: number, response: ServerResponse) => unknown,
): Promise<FaultServer> {
  const server = await startFaultServer(({ body, index }: Seen, response) => {
    const value = reply(body, index, response);
    if (value !== undefined) sendJson(response, 200, value);
  });
  opened.push({ server });
  return server;
}

/** A model of `kind` at `url` (without /v1), whose retries come at once. */
export async function openKind(
  kind: string,
  url: string,
  options: object = {},
  top: object = {},
): Promise<Model> {
  const config = { [kind]: { replicas: [url.replace('/v1', '')], model: 'rm', ...options }, ...top };
  const model = await openModel('reward', config as never, {
    ...{ env: { TEST_KEY: 'sk-secret-99' }, folder: '/', clock: systemClock, random: () => 0.002 },
  });
  opened.unshift({ model });
  return model;
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('expected an error'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ScaleQuestError, String(error));
  assert.ok(!error.message.includes('sk-secret'), 'the key leaked');
  return error.code;
}
