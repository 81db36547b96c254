import { scriptedModel } from './scriptedModel.js';

/** A model that writes each question twice, answers with the number of the sample, and holds number 1 to be right. */
export function questionModel() {
  return scriptedModel({
    complete: ({ seq, message, n }) =>
      message.kind === 'preQuery'
        ? [`What is ${Math.floor(seq / 2)} + 1?`]
        : Array.from({ length: n }, (_, at) => `\\boxed{${at}}`),
    choose: ({ message }) =>
      message.kind === 'user' && message.text.includes('boxed{1}') ? [0.9, 0.1] : [0.1, 0.9],
  });
}
