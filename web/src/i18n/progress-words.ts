import type { MessageKey } from './keys';
import type { Translator } from './translator';

/* What the server says of a job's progress in English, and the texts that say the same. */
const PHASES: readonly (readonly [RegExp, MessageKey])[] = [
  [/^opening (?<name>.+)$/, 'progress.phase.opening'],
  [/^judging (?<name>.+)$/, 'progress.phase.judging'],
  [/^timing in turn, (?<batch>\d+) x (?<length>\d+)$/, 'progress.phase.timing'],
  [/^measuring the memory of (?<name>.+)$/, 'progress.phase.memory'],
  [/^waiting for another search/, 'progress.phase.waiting'],
  [/^setting the test rows apart/, 'progress.phase.apart'],
  [/^measuring the original/, 'progress.phase.original'],
  [/^looking for what the model misses most/, 'progress.phase.sensing'],
  [/^candidate (?<number>\d+): /, 'progress.phase.candidate'],
  [/^candidate (?<number>\d+), in earnest: /, 'progress.phase.earnest'],
  [/^confirming the chosen model/, 'progress.phase.confirming'],
  [/^writing the chosen model/, 'progress.phase.writing'],
  [/^comparing the chosen model/, 'progress.phase.comparing'],
];
const FILE = /^pruning (?<file>\S+)$/;

/** What a job does now, in the person's language; what is not known here stays as the server says it. */
export function describeProgress(message: string, translator: Translator): string {
  const own = `progress.${message}`;
  if (translator.has(own)) return translator.text(own);
  const file = FILE.exec(message)?.groups?.['file'];
  if (file) return translator.text('progress.file', { file: isolated(file) });
  for (const [form, key] of PHASES) {
    const found = form.exec(message);
    if (!found) continue;
    const { name = '', number, batch, length } = found.groups ?? {};
    const values = { name: isolated(name), number: Number(number), batch: Number(batch), length: Number(length) };
    return translator.text(key, values);
  }
  return message;
}

function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
