import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** A value that tells who reads it when it changes. */
export class Signal<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set value(next: T) {
    if (Object.is(next, this.current)) return;
    this.current = next;
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** Renders an element anew whenever one of some signals changes, as long as the element is in the page. */
export class Watch implements ReactiveController {
  private readonly signals: readonly Signal<unknown>[];
  private ends: (() => void)[] = [];

  constructor(
    private readonly host: ReactiveControllerHost,
    ...signals: readonly Signal<never>[] | readonly Signal<unknown>[]
  ) {
    this.signals = signals as readonly Signal<unknown>[];
    host.addController(this);
  }

  hostConnected(): void {
    this.ends = this.signals.map((signal) => signal.subscribe(() => this.host.requestUpdate()));
  }

  hostDisconnected(): void {
    for (const end of this.ends) end();
    this.ends = [];
  }
}
