import type { MessageKey } from '../../i18n/keys';
import { metricName } from '../../i18n/metrics';
import type { Translator } from '../../i18n/translator';

/**
 * Notes of reports come in English. Those of persopt itself have texts in both languages; here is how each is known,
 * with its named parts. What is not known, such as a plugin's note, is shown as it came.
 */
const KNOWN: readonly (readonly [pattern: RegExp, key: MessageKey])[] = [
  [/^The zeros lie in dense tensors: /, 'note.dense'],
  [/^The pattern (?<pattern>\S+) gains speed only on hardware/, 'note.pattern'],
  [/^Gradual: with no training between the steps, /, 'note.gradual'],
  [/^A cut costs accuracy, which was not measured here/, 'note.unmeasured'],
  [/^The texts use every token, so /, 'note.vocabulary'],
  [/^The latency could not be measured: (?<reason>.+)/s, 'note.latency'],
  [/^The speed could not be measured: (?<reason>.+)/s, 'note.latency'],
  [/^The memory could not be measured: (?<reason>.+)/s, 'note.memory'],
  [/^The result does not run on the GPU here/, 'note.cpu'],
  [/^Without a data set the outputs were compared on random inputs/, 'note.random'],
  [/^The quality was not measured: the model has no head trained for (?<task>\S+)/, 'note.head'],
  [/^The layers were not ranked: that needs a data set/, 'note.ranking'],
  [/^The weights were made float32 before/, 'note.float32'],
  [/^32 bits: the weights are the same/, 'note.export'],
  [/^The result is not smaller than the original/, 'note.larger'],
  [/^The result is slower than the original here, at (?<shapes>.+) \(rows by tokens\)/, 'note.slower'],
  [/^(?<metric>\S+) is worse than the original's, beyond what chance would do/, 'note.worse'],
  [/^attention is one operator in (?<places>\d+) places/, 'note.fused'],
  [
    /^(?<products>\d+) products and (?<embeddings>\d+) embeddings are quantized; layers of fewer than 16/,
    'note.operators',
  ],
];

/** A note in the person's language, or as it came. */
export function describeNote(note: string, translator: Translator): string {
  for (const [pattern, key] of KNOWN) {
    const found = pattern.exec(note);
    if (!found || !translator.has(key)) continue;
    const parts = readParts(found.groups, translator);
    const first = Object.values(parts).find((part) => typeof part === 'number'); // what the plural goes by
    return translator.text(key, first === undefined ? parts : { count: first, ...parts });
  }
  return note;
}

function readParts(groups: Record<string, string> | undefined, translator: Translator) {
  return Object.fromEntries(
    Object.entries(groups ?? {}).map(([name, value]) => {
      const number = /^\d+$/.test(value) ? Number(value) : value;
      return [name, name === 'metric' ? metricName(value, translator) : number];
    }),
  );
}
