import type { ReactiveController, ReactiveControllerHost } from 'lit';

/**
 * Lets an element render a long page part after part, each in a task of its own, so that what the person does first
 * is not kept waiting by what lies below.
 */
export class InSteps implements ReactiveController {
  private shown = 1;
  private wanted = 0;
  private timer: number | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  /** Whether all parts are there, so that what comes after them may be rendered. */
  get isDone(): boolean {
    return this.shown > this.wanted;
  }

  /** Returns those of the parts that are rendered this time. */
  of<T>(parts: readonly T[]): readonly T[] {
    this.wanted = parts.length;
    return parts.slice(0, this.shown);
  }

  hostUpdated(): void {
    if (this.isDone)
      this.shown = Infinity; // once all are there, they stay
    else this.timer ??= window.setTimeout(this.next);
  }

  hostDisconnected(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private readonly next = (): void => {
    this.timer = undefined;
    this.shown += 1;
    this.host.requestUpdate();
  };
}
