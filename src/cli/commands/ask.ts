import type { AskEvent } from '../../run/ask/askModel.js';
import { printable } from '../../text/printable.js';
import { type CommandSpec, type PipelineFlags, declarePipeline, parseWholeNumber } from '../command.js';
import { signalOnInterrupt } from '../interrupt.js';

export const askCommand: CommandSpec = {
  name: 'ask',
  summary:
    'Ask one model of a file for questions of its own, or an answer, as its steps would; writes nothing.',
  declare: (command) =>
    declarePipeline(command)
      .argument('<model>', 'a name from `models`')
      .option(
        '--question <text>',
        'what to answer, as the `respond` step asks it; without it the model writes questions',
      )
      .option('-n, --replies <count>', 'replies; 4 questions, or one answer, if absent', parseWholeNumber)
      .option('--seed <number>', 'the seed of the requests; that of the file if absent', parseWholeNumber)
      .option('--raw', 'also show the exact prompt, the sampling, how each reply ended, and its tokens'),
  action: ask,
};

interface AskFlags extends PipelineFlags {
  question?: string;
  replies?: number;
  seed?: number;
  raw?: boolean;
}

async function ask(file: string, model: string, flags: AskFlags): Promise<void> {
  const { askModel } = await import('../../run/ask/askModel.js');
  const { question, replies = question === undefined ? 4 : 1, seed, raw = false, set } = flags;
  const { signal, dispose } = signalOnInterrupt('Stopping.');
  const show = createShow(replies, question === undefined ? 'question' : 'answer', raw);
  try {
    await askModel(file, model, { ...{ question, count: replies, seed, set, signal }, onEvent: show });
  } finally {
    dispose();
  }
}

/** Prints the replies as they come: what a model wrote on the output, what is said of it on the error stream. */
function createShow(count: number, what: string, isRaw: boolean): (event: AskEvent) => void {
  const print = (text: string): void => void process.stdout.write(text);
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const kind = what === 'question' ? 'generate' : 'respond';

  return (event) => {
    switch (event.event) {
      case 'asked':
        if (event.step === null && event.at === 0)
          say(`The file has no step ${kind}: its defaults are used.`);
        if (count > 1) print(`${event.at > 0 ? '\n' : ''}${what} ${event.at + 1}\n`);
        if (isRaw) print(askedText(event.request, event.prompt));
        return;
      case 'wrote':
        return print(printable(event.text));
      case 'again':
        print('\n');
        return say('The server broke off; again from the beginning:');
      case 'failed':
        print('\n');
        return say(`${printable(event.error.message)} [${event.error.code}]`);
      case 'answered':
        print('\n');
        if (isRaw) return print(answeredText(event));
        if (event.choice.finish !== 'stop') say(`Not a whole reply: ${endText(event.choice)}.`);
    }
  };
}

type Asked = Extract<AskEvent, { event: 'asked' }>;
type Answered = Extract<AskEvent, { event: 'answered' }>;

/** As JSON writes it, so that each space and line end of it can be seen. */
function askedText({ message, ...sampling }: Asked['request'], prompt: Asked['prompt']): string {
  const sent =
    prompt === null
      ? `message   ${quoted(message.kind === 'user' ? message.text : '')} (the server makes the prompt of it)`
      : `prompt    ${quoted(prompt)}`;
  const { temperature, topP, tokensMax, seed } = sampling;
  return `${sent}\nsampling  temperature ${temperature}, topP ${topP}, tokensMax ${tokensMax}, seed ${seed}\n\n`;
}

function answeredText({ choice, record, tookMs }: Answered): string {
  const { promptTokens, completionTokens, replica } = record;
  const { reasoning = '' } = choice;
  const lines = [
    ...(reasoning === '' ? [] : [`reasoning ${quoted(reasoning)}`]),
    `end       ${endText(choice)}`,
    `tokens    ${promptTokens} of the prompt, ${completionTokens} written`,
    `took      ${(tookMs / 1000).toFixed(1)} s${replica === undefined ? '' : ` at ${printable(replica)}`}`,
  ];
  return `\n${lines.join('\n')}\n`;
}

function endText({ finish, reason }: Answered['choice']): string {
  const said = reason === undefined ? '' : ` (${printable(reason)})`;
  return `${finish}${said}: ${ENDS[finish]}`;
}

const ENDS: Record<Answered['choice']['finish'], string> = {
  stop: 'the model ended the text, or a stop string did',
  length: 'it reached tokensMax, or the end of the context',
  repetition: 'the server stopped a loop',
  filter: 'a content filter or a refusal ended it',
  toolCall: 'the model called a tool',
  reasoning: 'there is nothing but reasoning',
};

function quoted(text: string): string {
  return printable(JSON.stringify(text));
}
