import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkDueMs,
  eject,
  failureLoad,
  isWell,
  newHealth,
  noteAnswer,
  noteFailure,
  readmit,
} from '../../../src/backends/pool/outlierEjection.js';

const yes = (): boolean => true;
const no = (): boolean => false;

describe('outlier ejection', () => {
  it('ejects at once what cannot be reached', () => {
    assert.equal(noteFailure(newHealth(), 'unreachable', no), true);
  });

  it('ejects at the eighth failure in a row, while another replica is well', () => {
    for (const isOtherWell of [yes, no]) {
      const health = newHealth();
      const ejected = Array.from({ length: 9 }, () => noteFailure(health, 'server', isOtherWell));
      assert.equal(ejected.indexOf(true), isOtherWell === yes ? 7 : -1);
    }
  });

  it('counts failures in a row only: an answer begins again', () => {
    const health = newHealth();
    for (let at = 0; at < 7; at++) noteFailure(health, 'reply', yes);
    noteAnswer(health, 0, 1);
    assert.equal(noteFailure(health, 'reply', yes), false);
    assert.equal(health.consecutiveFailures, 1);
  });

  it('is not well from the fourth failure, and its failures weigh as load', () => {
    const health = newHealth();
    for (let at = 0; at < 3; at++) noteFailure(health, 'server', no);
    assert.ok(isWell(health));
    noteFailure(health, 'server', no);
    assert.ok(!isWell(health));
    assert.equal(failureLoad(health), 0.5);
  });

  it('doubles the time to the next check with each consecutive ejection, up to a minute', () => {
    const health = newHealth();
    const waitsMs = [];
    for (let nowMs = 0; waitsMs.length < 8; nowMs += 1000) {
      eject(health, 'server', nowMs);
      waitsMs.push(checkDueMs(health) - nowMs);
      readmit(health, nowMs);
    }
    assert.deepEqual(waitsMs, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('a first failure ejects again what has answered nothing since its last ejection', () => {
    const health = newHealth();
    eject(health, 'server', 0);
    readmit(health, 10);
    assert.equal(noteFailure(health, 'server', yes), true);
    assert.equal(noteFailure(newHealth(), 'server', yes), false);
  });

  it('a restart is no reason to mistrust a replica, unless it is gone again before any answer', () => {
    const health = newHealth();
    noteAnswer(health, 0, 5);
    eject(health, 'unreachable', 10);
    assert.equal(health.consecutiveEjections, 0);
    assert.equal(checkDueMs(health), 10, 'checked at once');
    readmit(health, 20);
    eject(health, 'unreachable', 30);
    assert.equal(health.consecutiveEjections, 1);
  });

  it('an answer to a call from before the ejection says nothing of a replica that kept failing', () => {
    const health = newHealth();
    eject(health, 'server', 100);
    assert.equal(noteAnswer(health, 50, 150), false);
    assert.equal(health.consecutiveEjections, 1);
    assert.equal(noteAnswer(health, 100, 150), true);
    assert.equal(health.consecutiveEjections, 0);
  });
});
