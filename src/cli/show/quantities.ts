/** Numbers as people read them at a glance. */

/** `1,234`, from a hundred thousand on `123k` or `1.23M`. */
export function countText(count: number): string {
  if (count < 100_000) return Math.round(count).toLocaleString('en-US');
  const [divisor, unit] = UNITS.find(([from]) => count >= from)!;
  return `${Number((count / divisor).toPrecision(3))}${unit}`;
}

const UNITS = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Three figures of what happens in a second: `0.12`, `4.2`, `310`. */
export function rateText(perS: number): string {
  if (perS === 0) return '0';
  if (perS >= 100) return countText(perS);
  return perS >= 10 ? perS.toFixed(0) : perS >= 1 ? perS.toFixed(1) : perS.toFixed(2);
}

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** The two largest units: `45 s`, `2 min 5 s`, `3 h 12 min`, `2 d 4 h`. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < MINUTE_S) return `${whole} s`;
  if (whole < HOUR_S) return joined(whole, MINUTE_S, 'min', 1, 's');
  if (whole < DAY_S) return joined(whole, HOUR_S, 'h', MINUTE_S, 'min');
  return joined(whole, DAY_S, 'd', HOUR_S, 'h');
}

function joined(seconds: number, largeS: number, large: string, smallS: number, small: string): string {
  const rest = Math.floor((seconds % largeS) / smallS);
  return `${Math.floor(seconds / largeS)} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`;
}

/** Whole percent; what is not done is never 100 %. */
export function percentText(share: number): string {
  return `${Math.floor(100 * Math.min(1, share))} %`;
}
