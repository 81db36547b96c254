import type { ModelStats } from '../backends/model.js';
import type { Price } from '../backends/price.js';
import { describeModel } from '../backends/registry.js';
import type { Plan } from '../pipeline/plan.js';

/** What a model has used, as its counters say it: in one start of a run, or in several. */
export type ModelUse = Pick<
  ModelStats,
  'requests' | 'failures' | 'promptTokens' | 'completionTokens' | 'cachedTokens' | 'serverS'
>;

/** How a model that a run asks is paid for. */
export interface PaidModel {
  /** Absent where the pipeline file has none. */
  price?: Price | undefined;
  /** GPUs of each of its servers. */
  gpus?: number | undefined;
  /** What names its servers: models of the same servers hold the same GPUs. */
  servers: string;
}

/** What models have cost. */
export interface Cost {
  /** Currency → amount; amounts of two currencies are never added up. */
  money: Record<string, number>;
  /** GPUs that were held, times hours; null where no model says how many it has. */
  gpuHours: number | null;
  /** Model → why its part of the money is not known. It is not in `money`. */
  unknown: Record<string, string>;
}

/** The models that the steps of a plan ask, with what they cost. */
export function paidModels({ models, steps }: Pick<Plan, 'models' | 'steps'>): Record<string, PaidModel> {
  const asked = new Set(steps.flatMap(({ spec, parsed }) => spec.models(parsed).map(({ model }) => model)));
  const entries = Object.entries(models).filter(([name]) => asked.has(name));
  return Object.fromEntries(
    entries.map(([name, config]) => {
      const { servers } = describeModel(config);
      const hardware = servers ? (servers.replicasFrom ?? servers.replicas.toSorted().join(' ')) : name;
      return [name, { price: config.price, gpus: config.gpus, servers: hardware }];
    }),
  );
}

const TOKENS = 1e6;
const HOUR_S = 3600;

/**
 * The cost so far: what each model has used, times its price. A pure function of counters, so that the terminal, the report, the
 * page and metrics say the same. Models on the same servers hold their GPUs together, and these count once.
 */
export function costOf(
  models: Readonly<Record<string, PaidModel>>,
  used: Readonly<Record<string, ModelUse>>,
): Cost {
  const money = new Map<string, number>();
  const unknown: Record<string, string> = {};
  for (const [name, { price }] of Object.entries(models)) {
    const use = Object.hasOwn(used, name) ? used[name]! : NOTHING_USED;
    const reason = unknownReason(price, use);
    if (reason !== null) unknown[name] = reason;
    if (price) addTo(money, price.currency, requestsCost(price, use));
  }
  const gpus = gpuUseOf(models, used);
  for (const [currency, amount] of Object.entries(gpus.money)) addTo(money, currency, amount);
  return { money: Object.fromEntries(money), gpuHours: gpus.gpuHours, unknown };
}

function addTo(money: Map<string, number>, currency: string, amount: number): void {
  money.set(currency, (money.get(currency) ?? 0) + amount);
}

const NOTHING_USED: ModelUse = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };

/** What requests cost at a price, without the hours of GPUs. */
export function requestsCost(
  { in: input = 0, out = 0, cached = input, request = 0 }: Price,
  { requests, failures, promptTokens, completionTokens, cachedTokens = 0 }: ModelUse,
): number {
  const tokens = (promptTokens - cachedTokens) * input + cachedTokens * cached + completionTokens * out;
  return tokens / TOKENS + (requests - failures) * request;
}

function unknownReason(price: Price | undefined, use: ModelUse): string | null {
  if (!price) return 'it has no price';
  const paysTokens = (price.in ?? 0) > 0 || (price.out ?? 0) > 0;
  const answered = use.requests - use.failures;
  if (paysTokens && answered > 0 && use.promptTokens + use.completionTokens === 0)
    return 'its servers count no tokens';
  return null;
}

/** GPU hours and their money, by currency: what models cost whether they are asked or not. */
export function gpuUseOf(
  models: Readonly<Record<string, PaidModel>>,
  used: Readonly<Record<string, Pick<ModelUse, 'serverS'>>>,
): Pick<Cost, 'gpuHours' | 'money'> {
  const money = new Map<string, number>();
  const groups = gpuGroups(models, used);
  for (const { price, gpuHours } of groups)
    if (price?.gpuHour !== undefined) addTo(money, price.currency, gpuHours * price.gpuHour);
  const gpuHours = groups.length > 0 ? groups.reduce((sum, group) => sum + group.gpuHours, 0) : null;
  return { money: Object.fromEntries(money), gpuHours };
}

interface GpuGroup {
  price: Price | undefined;
  gpuHours: number;
}

/** One for each set of servers whose GPUs are known: of its models the one that held most, with a price where one has it. */
function gpuGroups(
  models: Readonly<Record<string, PaidModel>>,
  used: Readonly<Record<string, Pick<ModelUse, 'serverS'>>>,
): GpuGroup[] {
  const groups = new Map<string, GpuGroup>();
  for (const [name, { price, gpus, servers }] of Object.entries(models)) {
    if (gpus === undefined) continue;
    const { serverS = 0 } = Object.hasOwn(used, name) ? used[name]! : NOTHING_USED;
    const before = groups.get(servers);
    const hourly = before?.price?.gpuHour === undefined ? price : before.price;
    const gpuHours = Math.max(before?.gpuHours ?? 0, (gpus * serverS) / HOUR_S);
    groups.set(servers, { price: hourly, gpuHours });
  }
  return [...groups.values()];
}

/** The cost as a field beside others; none where no model has a price or says how many GPUs it holds. */
export function knownCost(...given: Parameters<typeof costOf>): { cost?: Cost } {
  const [models] = given;
  const isKnown = Object.values(models).some(({ price, gpus }) => price !== undefined || gpus !== undefined);
  return isKnown ? { cost: costOf(...given) } : {};
}

/** What a kept row costs, by currency; nothing where none was kept. */
export function costPerRow({ money }: Pick<Cost, 'money'>, rowsKept: number): Record<string, number> {
  const entries = rowsKept > 0 ? Object.entries(money) : [];
  return Object.fromEntries(entries.map(([currency, amount]) => [currency, amount / rowsKept]));
}

/** As in "3.21 USD and 1.50 EUR, and what solver costs: it has no price". */
export function costText({ money, unknown }: Cost): string {
  const amounts = Object.entries(money).map(([currency, amount]) => moneyText(amount, currency));
  const missing = Object.entries(unknown).map(([model, reason]) => `what ${model} costs (${reason})`);
  return [...amounts, ...missing].join(' and ') || 'nothing';
}

/** As in "; 0.004 USD a kept row, 4.00 USD a thousand"; empty where nothing was paid or kept. */
export function perRowText(cost: Cost, rowsKept: number): string {
  const { gpuHours } = cost;
  const hours = gpuHours === null ? '' : `; ${amountText(gpuHours)} GPU hours`;
  const each = Object.entries(costPerRow(cost, rowsKept)).map(
    ([currency, one]) =>
      `; ${moneyText(one, currency)} a kept row, ${moneyText(1000 * one, currency)} a thousand`,
  );
  return `${hours}${each.join('')}`;
}

/** Cents from one unit on, and three figures below. */
export function moneyText(amount: number, currency: string): string {
  return `${amountText(amount)} ${currency}`;
}

export function amountText(amount: number): string {
  if (amount === 0) return '0';
  if (amount >= 1)
    return amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return amount.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
