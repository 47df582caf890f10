import { Signal } from '../state/signal';
import { Formats, type Language } from './formats';
import type { Area, MessageKey } from './keys';
import { fill, type Catalogue, type Values } from './messages';

const files = import.meta.glob<Catalogue>('./{fa,en}/*.json', { import: 'default' });

/** The texts of the studio in the language that is chosen. An area's texts are there once `load` has returned. */
export class Translator {
  /** Changes whenever texts or language do. */
  readonly version = new Signal(0);
  formats: Formats;
  private texts: Catalogue = {};
  private readonly areas = new Set<Area>();

  constructor(language: Language) {
    this.formats = new Formats(language);
  }

  get language(): Language {
    return this.formats.language;
  }

  /** Loads the texts of some areas, in the language of the moment. */
  async load(...areas: Area[]): Promise<void> {
    const missing = areas.filter((area) => !this.areas.has(area));
    if (missing.length === 0) return;
    for (const area of missing) this.areas.add(area);
    const language = this.language;
    const found = await Promise.all(missing.map((area) => read(language, area)));
    if (language !== this.language) return this.change(this.language, true); // it was switched meanwhile
    this.texts = Object.assign({}, this.texts, ...found) as Catalogue;
    this.version.value += 1;
  }

  /** Switches the language of everything that is loaded. */
  async change(language: Language, force = false): Promise<void> {
    if (language === this.language && !force) return;
    const found = await Promise.all([...this.areas].map((area) => read(language, area)));
    this.formats = new Formats(language);
    this.texts = Object.assign({}, ...found) as Catalogue;
    this.version.value += 1;
  }

  /** Returns a text; a key without one returns itself. */
  text(key: MessageKey, values: Values = {}): string {
    const message = this.texts[key];
    return message === undefined ? key : fill(message, values, this.formats);
  }

  /** Whether a key that was put together at run time, such as `task.<name>`, has a text. */
  has(key: string): key is MessageKey {
    return key in this.texts;
  }
}

async function read(language: Language, area: Area): Promise<Catalogue> {
  return (await files[`./${language}/${area}.json`]?.()) ?? {};
}
