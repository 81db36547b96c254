import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showJob } from '../../../src/cli/show/showJob.js';

function shown() {
  const written = { log: '', said: '' };
  const show = showJob('http://head:8265', {
    log: (text) => (written.log += text),
    say: (line) => (written.said += `${line}\n`),
  });
  return { ...show, written };
}

test('lines of the run read as elsewhere, those of servers say whose they are; no line moves the cursor', () => {
  const { event, written } = shown();
  const text =
    '(run pid=7, ip=10.0.0.2) step  rows in\n(run pid=7) \n(solver-1 pid=8, ip=10.0.0.3) up\u001b[2J\n';
  event({ event: 'log', text });
  assert.equal(written.log, 'step  rows in\n\n(solver-1 pid=8, ip=10.0.0.3) up\\u001b[2J\n');
});

test('the exit code is the run’s; what is left to go on is no failure where that was asked for', () => {
  const job = 'j1';
  const { end, written } = shown();
  assert.equal(end({ job, status: 'SUCCEEDED', exitCode: 0 }, false), 0);
  assert.equal(end({ job, status: 'FAILED', exitCode: 6 }, false), 6);
  assert.match(written.said, /j1 ended with exit code 6: the source ended before `target`/);
  assert.equal(end({ job, status: 'FAILED', exitCode: 77 }, false), 77);
  assert.equal(end({ job, status: 'STOPPED', exitCode: null }, false), 130);
  assert.equal(end(null, false), 130);
  assert.equal(end(null, true), 0);
});

test('what happens is said', () => {
  const { event, written } = shown();
  event({ event: 'submitted', job: 'j1', ray: '2.60.0' });
  event({ event: 'joined', job: 'j1', ray: '2.60.0' });
  event({ event: 'stopping', job: 'j1', ray: '2.60.0' });
  event({ event: 'pending', message: 'for\nresources' });
  event({ event: 'lost', message: 'no answer' });
  event({ event: 'found' });
  assert.deepEqual(written.said.split('\n'), [
    'Job j1 is submitted to http://head:8265 (Ray 2.60.0). Ctrl-C leaves it to go on.',
    'Job j1 runs already at http://head:8265; following it. Ctrl-C leaves it to go on.',
    'Job j1 is asked to stop: it commits and ends.',
    'The job waits: for resources',
    'no answer',
    'The job may go on; asking again.',
    'The cluster answers again.',
    '',
  ]);
});
