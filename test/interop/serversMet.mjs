// The table in docs/models.md of the servers that tests have met. Each test of a server looks whether its row is what it has
// found, so that the table says nothing that did not happen; SCALEQUEST_MET=write writes the row instead.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'models.md');

export function checkMet(server, version, tried) {
  const row = `| ${server} | ${version} | ${tried.join(', ')} |`;
  const lines = readFileSync(docs, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${server} |`));
  assert.ok(at >= 0, `docs/models.md has no row for ${server}, expected\n${row}`);
  if (process.env.SCALEQUEST_MET !== 'write') {
    assert.equal(
      lines[at],
      row,
      'docs/models.md says something else; SCALEQUEST_MET=write writes what was met',
    );
    return;
  }
  lines[at] = row;
  writeFileSync(docs, lines.join('\n'));
}
