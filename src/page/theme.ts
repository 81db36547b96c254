/** The colours of pages and pictures: light and dark. RowTexts and lines have a contrast of 4.5 and 3 to the background at least. */

export type ThemeName = 'light' | 'dark';

export interface Theme {
  name: ThemeName;
  background: string;
  text: string;
  /** Labels of axes. */
  faint: string;
  /** Lines of the grid. */
  line: string;
  kept: string;
  dropped: string;
  rejected: string;
  /** What is cut off beyond a target. */
  other: string;
  /** Models, replicas: told apart by people who see colours differently too. */
  series: readonly string[];
  /** From few to many. */
  ramp: readonly string[];
}

export const THEMES: Readonly<Record<ThemeName, Theme>> = {
  light: {
    name: 'light',
    background: '#ffffff',
    text: '#1b1f24',
    faint: '#57606a',
    line: '#d8dee4',
    kept: '#2563c9',
    dropped: '#b36200',
    rejected: '#c0262d',
    other: '#6e7781',
    series: ['#2563c9', '#b36200', '#0f7b5f', '#a33ea1', '#6e7781', '#c0262d', '#1f7f9e', '#7a6a00'],
    ramp: ['#e6eefb', '#9dbdf0', '#4f86dc', '#1f4f9f', '#0b2452'],
  },
  dark: {
    name: 'dark',
    background: '#14181d',
    text: '#e6e9ed',
    faint: '#a0a8b1',
    line: '#363d46',
    kept: '#6aa5fa',
    dropped: '#eda93c',
    rejected: '#ff7d76',
    other: '#9aa3ad',
    series: ['#6aa5fa', '#eda93c', '#3fc79a', '#e08ade', '#9aa3ad', '#ff7d76', '#5ec4e6', '#cfc04a'],
    ramp: ['#28405f', '#335a94', '#4580cc', '#8fbaf7', '#e2eeff'],
  },
};

/** Contrast of two colours `#rrggbb`, 1 to 21, as WCAG 2 counts it. */
export function contrastOf(one: string, other: string): number {
  const [low, high] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminanceOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
