import type { MessageKey } from './keys';
import type { Translator } from './translator';

/** Something wrong, as the server words it. */
interface Worded {
  message: string;
  hint?: string;
}

/**
 * The server words faults in English. Those that people meet have texts in both languages; here is how each is known,
 * with its named parts. What is not known, such as a plugin's fault, is shown as it came. The first that fits counts.
 */
const KNOWN: readonly (readonly [pattern: RegExp, key: MessageKey])[] = [
  [/^is required(; accepted: .*)?$/s, 'fault.required'],
  [/^unknown field/, 'fault.field'],
  [/^expected (?<accepted>.+), got (?<given>.+); did you mean (?<near>.+)\?$/s, 'fault.expected.near'],
  [/^expected (?<accepted>.+), got (?<given>.+)$/s, 'fault.expected'],
  [/^no model (?<given>'.*'); looked at (?<places>.+)$/s, 'fault.model'],
  [/^no model (?<given>'.*?') is installed/s, 'fault.model.installed'],
  [/^no data set (?<given>'.*'); looked at (?<places>.+)$/s, 'fault.data'],
  [/^there is no job (?<given>'.*')$/s, 'fault.job'],
  [/^lies inside the model's folder (?<folder>.+); got .+$/s, 'fault.output.model'],
  [/^lies inside (?<folder>.+), which the job reads; got .+$/s, 'fault.output.read'],
  [/^(?<folder>.+) is in use: it must be new or empty$/s, 'fault.output.used'],
  [/^.+ is in use: job \S+, which is \w+, puts its model there$/s, 'fault.output.job'],
  [/^(?<folder>.+) is a file; expected a folder/s, 'fault.output.file'],
  [/^(?<folder>.+) cannot be written: (?<reason>.+)$/s, 'fault.output.locked'],
  [/^is empty; expected a folder/, 'fault.output.empty'],
  [/^is empty; expected a file, a folder/, 'fault.data.empty'],
  [/^is empty; expected the folder of a checkpoint/, 'fault.model.empty'],
  [/^is empty; give at least one parameter/, 'fault.space.empty'],
  [/^min must not exceed max, got min (?<low>.+) and max (?<high>.+)$/s, 'fault.range'],
  [/^a log_uniform range must lie above zero, got (?<low>.+)$/s, 'fault.log'],
  [/^the list of choices is empty/, 'fault.choices'],
  [/^a choice is given twice/, 'fault.choices.twice'],
  [/^column (?<column>'.*?') does not hold one label for each row/s, 'fault.labels'],
  [/^no column could be the label; /, 'fault.labels.none'],
  [/^column (?<column>'.*?') does not hold texts/s, 'fault.texts'],
  [/^column (?<column>'.*?') holds \d+ different numbers/s, 'fault.rating'],
  [/^no such split, /, 'fault.split'],
  [/^(?<model>.+) is for (?<task>\S+), and the data is for (?<other>\S+)$/s, 'fault.task'],
  [/^(?<backend>\S+) cannot do this: (?<reason>.+)$/s, 'fault.backend'],
  [/^no backend can do this: (?<reason>.+)$/s, 'fault.backends'],
  [/^0 cuts nothing; /, 'fault.cut.nothing'],
  [/^nothing is to be cut/, 'fault.cut.nothing'],
  [/^architecture (?<kind>'.*?') cannot be cut/s, 'fault.cut.kind'],
  [/^no weight is left to prune/, 'fault.prune.nothing'],
  [/^no device (?<device>'.*?') here/s, 'fault.device'],
  [/^out of memory\b/, 'fault.memory'],
  [/^the disk is full\b/, 'fault.disk'],
  [/^the \S+ loss became (?<loss>\S+) at step (?<step>\d+)/, 'fault.loss'],
  [/^the time limit ended the study before any trial/, 'fault.time'],
  [/^the program ended with exit status (?<number>\d+)$/, 'fault.exit'],
  [/^(?<what>.+) was ended by (?<signal>\S+)$/s, 'fault.killed'],
  [/^(?<what>.+) ended unexpectedly/s, 'fault.died'],
];

/** A fault in the person's language, or as it came; with what to do about it, where the server says so. */
export function describeFault({ message, hint }: Worded, translator: Translator): string {
  const told = describeFaultText(message, translator);
  return hint ? `${told} — ${hint}` : told;
}

/** The same of a message alone. */
export function describeFaultText(message: string, translator: Translator): string {
  if (translator.language === 'en') return message;
  for (const [pattern, key] of KNOWN) {
    const found = pattern.exec(message);
    if (found && translator.has(key)) return translator.text(key, isolated(found.groups));
  }
  return message;
}

/* Parts are paths, names and numbers as the server writes them: each keeps its own direction. */
function isolated(groups: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(groups ?? {}).map(([name, value]) => [name, `\u2068${value}\u2069`]));
}
