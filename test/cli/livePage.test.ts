import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLivePage } from '../../src/cli/livePage.js';
import { startCommand } from '../helpers/commandLine.js';
import { smallChain } from '../helpers/runs/smallChain.js';

test('without the flag no page is opened', async () => {
  assert.equal(await openLivePage({}, () => {}), null);
});

test('a chain has one page and one address of metrics for all of its links', async () => {
  const { file } = smallChain();
  const { child, result } = startCommand(['chain', file, '--live', '--metrics', '0']);
  let said = '';
  const links = new Set<string>();
  child.stderr!.on('data', (text: string) => (said += text));
  const looking = (async () => {
    while (child.exitCode === null) {
      const url = /Metrics at (\S+)\./.exec(said)?.[1];
      const page = url
        ? await fetch(url).then(
            (response) => response.text(),
            () => '',
          )
        : '';
      const [, link] = /^scalequest_chain_link_info\{chain="small",link="(\w+)"\} 1$/m.exec(page) ?? [];
      if (link !== undefined) links.add(link);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const { code, stderr, stdout } = await result;
  await looking;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^The run is shown at\n {2}http:\/\/127\.0\.0\.1:\d+\/[\w-]{40,}\/$/m);
  assert.match(stdout, /The chain small is done/);
  assert.ok(links.has('second'), `seen: ${[...links].join(', ')}`);
});
