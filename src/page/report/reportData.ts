import type { DensityData } from '../charts/density.js';
import type { FunnelData } from '../charts/funnel.js';
import type { HistogramData } from '../charts/histogram.js';
import type { LinesData } from '../charts/lines.js';
import type { ValuesData } from '../charts/values.js';
import type { WhatIfData } from './whatIf.js';

/** What report.html shows: plain JSON that stands in the page. The texts of rows are not in it, see `ExampleRow`. */
export interface ReportData {
  name: string;
  summary: string | null;
  /** The version that wrote the page. */
  version: string;
  identity: string;
  seed: number;
  rowsIn: number;
  rowsKept: number;
  target: number | null;
  /** What the numbers and the examples are taken from. */
  sample: { isWhole: boolean; rows: number; ofRows: number; textRows: number };
  funnel: readonly ReportStep[];
  funnelChart: FunnelData;
  /** Figures that steps have of their own, a line each. */
  figures: readonly string[];
  histograms: readonly HistogramData[];
  /** Columns of few values. */
  values: readonly ValuesData[];
  density: DensityData | null;
  /** Over the time of the run; empty where the log has no measurements. */
  lines: readonly LinesData[];
  /** Names and values: time, memory, cost. */
  facts: readonly Fact[];
  models: readonly ModelFacts[];
  clusters: readonly Cluster[];
  whatIf: WhatIfData | null;
  /** The pipeline as it ran. */
  pipeline: string;
  /** Sentences on what could not be shown. */
  notes: readonly string[];
}

export interface Fact {
  name: string;
  value: string;
}

export interface ReportStep {
  step: string;
  rowsIn: number;
  kept: number;
  made: number;
  /** Why rows were lost, and choices of rows that went on. */
  lost: readonly {
    reason: string;
    kind: 'dropped' | 'rejected' | 'leftOut';
    rows: number;
    meaning: string | null;
  }[];
}

/** A model's counters in words, in the order of the head. */
export interface ModelFacts {
  model: string;
  facts: readonly Fact[];
}

/** Near-duplicates of one question. */
export interface Cluster {
  keeper: { seq: number; question: string };
  rows: number;
  duplicates: readonly { seq: number; similarity: number; question: string }[];
}

/** A row as the page shows it. */
export interface ExampleRow {
  seq: number;
  /** Null for a row of the set. */
  lost: { step: string; reason: string; kind: 'dropped' | 'rejected'; message: string } | null;
  /** Names and texts or numbers. */
  fields: readonly (readonly [string, string])[];
}
