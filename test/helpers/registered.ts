import assert from 'node:assert/strict';

/** Fails where a file has no line in its registry, and says which line to add where. */
export function assertRegistered(
  registry: string,
  record: string,
  files: readonly string[],
  registered: readonly string[],
): void {
  const missing = files.filter((name) => !registered.includes(name));
  const advice = missing.map((name) => `add \`${name},\` to ${record} in ${registry}`);
  assert.deepEqual(missing, [], advice.join('; '));
  assert.deepEqual(
    [...registered].sort(),
    [...files].sort(),
    `${record} in ${registry} has a line without a file`,
  );
}
