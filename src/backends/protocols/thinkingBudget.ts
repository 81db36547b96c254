import type { z } from 'zod';

/** Servers of the OpenAI protocol that end a thought after a number of tokens, each by a field of its own. */
export const THINKING_SERVERS = ['vllm', 'sglang', 'llamaCpp', 'openRouter'] as const;

export type ThinkingServer = (typeof THINKING_SERVERS)[number];

/**
 * The field of a request that says the number.
 *
 * | server | field | read in |
 * |---|---|---|
 * | vLLM | `thinking_token_budget`; refused (400) without --reasoning-parser | 0.32.0: entrypoints/openai, v1/engine/input_processor.py |
 * | SGLang | `custom_params.thinking_budget`; ignored without --enable-strict-thinking | docs: advanced_features/thinking_budget |
 * | llama.cpp | `thinking_budget_tokens`, of chat alone | tools/server/server-common.cpp |
 * | OpenRouter | `reasoning.max_tokens` | docs: use-cases/reasoning-tokens |
 */
export function thinkingFields(server: ThinkingServer, tokensMax: number): Record<string, unknown> {
  if (server === 'sglang') return { [FIELDS.sglang]: { thinking_budget: tokensMax } };
  if (server === 'openRouter') return { [FIELDS.openRouter]: { max_tokens: tokensMax } };
  return { [FIELDS[server]]: tokensMax };
}

const FIELDS: Readonly<Record<ThinkingServer, string>> = {
  vllm: 'thinking_token_budget',
  sglang: 'custom_params',
  llamaCpp: 'thinking_budget_tokens',
  openRouter: 'reasoning',
};

interface Budgeted {
  protocol: 'completions' | 'chat';
  thinkingBudget?: ThinkingServer | undefined;
  extra: Record<string, unknown>;
}

/** A part of a refinement: only vLLM bounds the thought of a raw prompt, and `extra` would overwrite the field. */
export function checkThinkingBudget(
  { protocol, thinkingBudget, extra }: Budgeted,
  context: z.RefinementCtx,
): void {
  if (!thinkingBudget) return;
  const field = FIELDS[thinkingBudget];
  if (Object.hasOwn(extra, field)) {
    const message = `expected no ${field} beside \`thinkingBudget\`: steps set it by \`thinkingTokensMax\``;
    context.addIssue({ code: 'custom', path: ['extra', field], message });
  }
  if (protocol === 'chat' || thinkingBudget === 'vllm') return;
  const message = 'expected protocol: chat with it; only vLLM bounds the thought of a raw prompt';
  context.addIssue({ code: 'custom', path: ['thinkingBudget'], message });
}
