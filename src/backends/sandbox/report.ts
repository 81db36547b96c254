import type { TestRun } from '../model.js';

/** The sandbox could not be started, or the machine gave a program no time: the program is as unknown as before. */
export class SandboxFailure extends Error {
  constructor(
    message: string,
    /** The machine was too busy; else there was no sandbox. */
    readonly isBusy: boolean,
  ) {
    super(message);
  }
}

/** What the judge of a program reports: lines of a word and a text in base64, written where the program cannot write. */
export interface JudgeReport {
  /** Whether the judge has begun: what goes wrong from then on is the program's doing. */
  isReady: boolean;
  isEnded: boolean;
  /** Why there is no judge; undefined where there is one. */
  broken: string | undefined;
  /** One for each test that is done; null for one that the machine gave no time. */
  lines: { word: 'ok' | 'failed' | 'machine'; text: string }[];
  add(text: string): void;
}

export function createReport(): JudgeReport {
  let rest = '';
  const report: JudgeReport = { isReady: false, isEnded: false, broken: undefined, lines: [], add };

  function add(text: string): void {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    for (const part of parts) addLine(report, part);
  }
  return report;
}

function addLine(report: JudgeReport, line: string): void {
  const [word, coded = ''] = line.split(' ');
  const text = Buffer.from(coded, 'base64').toString('utf8');
  if (word === 'ready') report.isReady = true;
  else if (word === 'end') report.isEnded = true;
  else if (word === 'broken') report.broken = text;
  else if (word === 'ok' || word === 'failed' || word === 'machine') report.lines.push({ word, text });
}

/** The program, or a test, ended the judge or kept it from answering. */
const JUDGE_ENDED = 'the program or its tests ended the process that judges them';

/** What became of each of so many tests. Throws a SandboxFailure where the machine is to blame. */
export function runsOf({ lines, broken }: JudgeReport, count: number): TestRun[] {
  if (broken !== undefined) throw new SandboxFailure(broken, false);
  const late = lines.find(({ word }) => word === 'machine');
  if (late) throw new SandboxFailure(late.text, true);
  return Array.from({ length: count }, (_, at) => {
    const line = lines[at];
    return line ? { isOk: line.word === 'ok', text: line.text } : { isOk: false, text: JUDGE_ENDED };
  });
}
