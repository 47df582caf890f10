import { Signal } from './signal';

/** What is known of something that the server tells: its value, and what went wrong when it was last asked. */
export interface Known<T> {
  value: T | null;
  error: unknown;
}

/** Something that is read from the server, and read again when it may have changed. One question at a time. */
export class Resource<T> extends Signal<Known<T>> {
  private asking: Promise<void> | null = null;
  private again = false;

  constructor(private readonly read: () => Promise<T>) {
    super({ value: null, error: null });
  }

  /** Asks the server unless it has answered already or is being asked. */
  need(): void {
    if (this.asking === null && this.value.value === null) void this.load();
  }

  /** Asks the server; a call while it is being asked asks once more afterwards. */
  load(): Promise<void> {
    if (this.asking) {
      this.again = true;
      return this.asking;
    }
    this.asking = this.ask().finally(() => {
      this.asking = null;
      if (this.again) {
        this.again = false;
        void this.load();
      }
    });
    return this.asking;
  }

  private async ask(): Promise<void> {
    try {
      this.value = { value: await this.read(), error: null };
    } catch (error) {
      this.value = { value: this.value.value, error };
    }
  }
}
