import type { Translator } from './translator';

/** What a hyperparameter is called; one that we have no name for by its own. */
export function knobName(name: string, translator: Translator): string {
  const key = `knob.${name}`;
  return translator.has(key) ? translator.text(key) : name;
}
