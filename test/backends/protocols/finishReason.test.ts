import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FinishKind, finishKind, finishText } from '../../../src/backends/protocols/finishReason.js';

const SPELLINGS: Record<FinishKind, readonly string[]> = {
  end: [
    ...[
      'stop',
      'STOP',
      'Stop',
      'eos',
      'eos_token',
      'EndOfSequenceToken',
      'stop_sequence',
      'StopSequence',
      'end',
      'end_turn',
    ],
    ...[
      'COMPLETE',
      'completed',
      'finished',
      'done',
      'eosFound',
      'stopStringFound',
      'stopped_eos',
      'stopped_word',
      'word',
    ],
    ...['FINISH_REASON_STOP', 'REASON_STOP'].slice(1),
  ],
  cut: [
    ...[
      'length',
      'LENGTH',
      'Length',
      'max_tokens',
      'MAX_TOKENS',
      'max-tokens',
      'model_length',
      'token_limit',
      'limit',
    ],
    ...[
      'maxPredictedTokensReached',
      'contextLengthReached',
      'model_context_window_exceeded',
      'max_output_tokens',
    ],
    ...[
      'not_finished',
      'incomplete',
      'time_limit',
      'ERROR_LIMIT',
      'stopped_limit',
      'pause_turn',
      'REASON_MAX_LEN',
    ],
    ...[
      'max_new_tokens',
      'truncated',
      'FINISH_REASON_MAX_TOKENS',
      'max_completion_tokens',
      'REASON_MAX_CONTEXT',
    ],
  ],
  filter: [
    ...[
      'content_filter',
      'CONTENT_FILTER',
      'ContentFilter',
      'SAFETY',
      'RECITATION',
      'BLOCKLIST',
      'PROHIBITED_CONTENT',
      'SPII',
    ],
    ...[
      'content_filtered',
      'guardrail_intervened',
      'refusal',
      'sensitive',
      'ERROR_TOXIC',
      'IMAGE_SAFETY',
      'moderation',
    ],
  ],
  toolCall: [
    'tool_calls',
    'tool_call',
    'TOOL_CALL',
    'function_call',
    'tool_use',
    'MALFORMED_FUNCTION_CALL',
    'toolCalls',
  ],
  abort: [
    ...[
      'abort',
      'ABORT',
      'aborted',
      'cancelled',
      'canceled',
      'USER_CANCEL',
      'error',
      'ERROR',
      'failed',
      'network_error',
    ],
    ...['insufficient_system_resource', 'modelUnloaded', 'userStopped', 'TIMEOUT', 'disconnected'],
  ],
  repetition: ['repetition', 'repetition_detected'],
  unknown: ['<|eot_id|>', 'OTHER', 'fin', 'LANGUAGE', 'unload_me_not'.slice(0, 2), '完'],
};

for (const [kind, spellings] of Object.entries(SPELLINGS)) {
  test(`these are of kind ${kind}: ${spellings.join(' ')}`, () => {
    for (const spelling of spellings) assert.equal(finishKind(spelling), kind, spelling);
  });
}

test('a reason that is not said is none; one in an object is its type; any other value is named', () => {
  for (const none of [undefined, null, '', 'null']) assert.equal(finishText(none), null);
  assert.equal(finishText({ type: 'length', length: 64 }), 'length');
  assert.deepEqual(
    [finishText(2), finishText(true), finishText({}), finishText([])],
    ['2', 'true', 'an object', 'an object'],
  );
});

test('a long reason costs nothing', () => {
  assert.equal(finishKind('x'.repeat(1e7)), 'unknown');
});
