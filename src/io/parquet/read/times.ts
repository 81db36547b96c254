/** Times of Parquet as text, exact to the last digit, in ISO 8601. */

const MS_PER_DAY = 86_400_000n;

/** Digits of a second that a unit counts. */
export const UNIT_DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;
export type TimeUnit = keyof typeof UNIT_DIGITS;

/** Days since 1970 as `2024-05-01`; null outside of the years 0 to 9999, which no text of this form has. */
export function dateText(days: number): string | null {
  const date = new Date(days * Number(MS_PER_DAY));
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString().slice(0, 10) : null;
}

/** As `2024-05-01T12:00:00.25Z`, without the Z where the file knows of no time zone; null outside of the years 0 to 9999. */
export function timestampText(count: bigint, unit: TimeUnit, isUtc: boolean): string | null {
  const perSecond = 10n ** BigInt(UNIT_DIGITS[unit]);
  const fraction = ((count % perSecond) + perSecond) % perSecond;
  const seconds = (count - fraction) / perSecond;
  const days = floorDivide(seconds, 86_400n);
  const date = dateText(Number(days));
  if (date === null) return null;
  return `${date}T${clockText(seconds - days * 86_400n, fraction, UNIT_DIGITS[unit])}${isUtc ? 'Z' : ''}`;
}

/** As `23:59:59.5`; null for what is no time of a day. */
export function timeText(count: bigint, unit: TimeUnit): string | null {
  const perSecond = 10n ** BigInt(UNIT_DIGITS[unit]);
  if (count < 0n || count >= 86_400n * perSecond) return null;
  return clockText(count / perSecond, count % perSecond, UNIT_DIGITS[unit]);
}

function clockText(seconds: bigint, fraction: bigint, digits: number): string {
  const part = (value: bigint): string => `${value}`.padStart(2, '0');
  const clock = `${part(seconds / 3600n)}:${part((seconds / 60n) % 60n)}:${part(seconds % 60n)}`;
  const rest = `${fraction}`.padStart(digits, '0').replace(/0+$/, '');
  return rest === '' ? clock : `${clock}.${rest}`;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const whole = value / by;
  return value % by < 0n ? whole - 1n : whole;
}
