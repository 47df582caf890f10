import { Signal } from './signal';

export interface Notice {
  id: number;
  text: string;
  kind: 'good' | 'bad';
}

const SHOWN_MS = 6000;

/** What the studio tells in passing: notices that are seen, and announcements that only a screen reader speaks. */
export class Notices {
  readonly shown = new Signal<readonly Notice[]>([]);
  readonly spoken = new Signal('');
  private next = 0;

  /** Shows a notice for a while; a bad one stays until it is closed. */
  show(text: string, kind: Notice['kind'] = 'good'): void {
    const id = this.next++;
    this.shown.value = [...this.shown.value, { id, text, kind }];
    if (kind === 'good') setTimeout(() => this.close(id), SHOWN_MS);
  }

  /** Shows what has gone wrong, until it is closed. */
  showError(error: unknown): void {
    this.show(error instanceof Error ? error.message : String(error), 'bad');
  }

  close(id: number): void {
    this.shown.value = this.shown.value.filter((notice) => notice.id !== id);
  }

  /** Lets screen readers speak a text politely, such as the progress of a job. */
  announce(text: string): void {
    this.spoken.value = text;
  }
}
