import type { z } from 'zod';
import type { Column } from '../arrow/columnType.js';
import type { Table } from '../arrow/table.js';
import type { ModelConfig } from '../backends/registry.js';
import type { OperatorSpec } from '../operators/lib/operator.js';
import type { pipelineSchema } from './schema.js';

/** Texts that steps compare rows with, as they were when the pipeline was checked; by file and column. */
export type Texts = ReadonlyMap<string, readonly string[]>;

/** Tables that steps draw rows from, as they were when the pipeline was checked; by file and columns. */
export type Tables = ReadonlyMap<string, Table>;

/** One step of a checked pipeline. */
export interface PlannedStep {
  label: string;
  spec: OperatorSpec;
  /** As written in the file; `parsed` has the defaults filled in. */
  input: unknown;
  parsed: unknown;
  /** Columns that its prompts use, beside those of `spec.reads`. */
  uses: readonly string[];
}

/** What a plan goes without, because the steps that write it are switched off. */
export interface OmittedParts {
  /** Columns of `output.columns`. */
  columns: readonly string[];
  /** Export → the columns that it lacks. */
  exports: Readonly<Record<string, string>>;
}

/** A pipeline file that passed every check: exactly what will run. */
export interface Plan {
  /** The pipeline file, as it was named. */
  file: string;
  /** Folder that relative paths in the file start from. */
  folder: string;
  /** Its text. */
  text: string;
  /** The values that the environment filled in, by the names of its variables. They may be secrets, so no file gets them. */
  filled: ReadonlyMap<string, string>;
  /** `name` of the file. */
  name: string;
  /** Everything else in the file, with its defaults. */
  settings: Omit<z.output<typeof pipelineSchema>, 'models' | 'steps'>;
  /** Name → model. */
  models: Readonly<Record<string, ModelConfig>>;
  /** The steps that are switched on, in order. */
  steps: readonly PlannedStep[];
  /** Texts that steps compare rows with. */
  texts: Texts;
  /** Tables that steps draw rows from. */
  tables: Tables;
  /** Columns written to the shards, in order. */
  columns: readonly Column[];
  /** Named in the file but not in the set, because the steps that write it are switched off; exports with the columns they lack. */
  omitted: OmittedParts;
  /** Files that lie beside those of the source, in its folders, and are not read. */
  leftOut: readonly string[];
  /** Steps of users' own that write more columns than the plan knows: their modules were not loaded. Empty for what runs. */
  undeclared: readonly string[];
  /** Hash of everything that the rows depend on. How fast they come is not part of it. */
  identity: string;
  /** The same, part by part: see `Identity`. */
  parts: Readonly<Record<string, string>>;
  /** For each step whose results may be cached: see `Identity`. */
  stepFingerprints: readonly string[];
}
