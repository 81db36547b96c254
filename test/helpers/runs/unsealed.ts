import assert from 'node:assert/strict';
import { openJson } from '../../../src/io/files/seal.js';

/** What a sealed JSON text says, without its checksum, which must hold. */
export function unsealed(text: string): unknown {
  const { body, isWhole } = openJson(text.trimEnd());
  assert.ok(isWhole, text);
  return JSON.parse(body);
}
