import type { Language } from '../i18n/formats';

export type Theme = 'light' | 'dark';

const LANGUAGE = 'persopt.language';
const THEME = 'persopt.theme';
const TOKEN = 'persopt.token';

/** What a person chose, kept by the browser; the token only as long as the tab is open. */
export class Preferences {
  get language(): Language {
    return read(localStorage, LANGUAGE) === 'en' ? 'en' : 'fa';
  }

  set language(language: Language) {
    write(localStorage, LANGUAGE, language);
  }

  /** Null follows the system. */
  get theme(): Theme | null {
    const theme = read(localStorage, THEME);
    return theme === 'light' || theme === 'dark' ? theme : null;
  }

  set theme(theme: Theme | null) {
    write(localStorage, THEME, theme);
  }

  get token(): string | null {
    return read(sessionStorage, TOKEN);
  }

  set token(token: string | null) {
    write(sessionStorage, TOKEN, token);
  }
}

/* A browser that forbids storage throws at every touch; the studio then forgets, and goes on. */
function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function write(storage: Storage, key: string, value: string | null): void {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, value);
  } catch {
    return;
  }
}
