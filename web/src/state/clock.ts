import { Signal } from './signal';

/** The time of now, told anew each second as long as somebody listens and the page is seen. */
class Clock extends Signal<number> {
  private timer: ReturnType<typeof setInterval> | undefined;
  private watchers = 0;

  override subscribe(listener: () => void): () => void {
    const end = super.subscribe(listener);
    this.watchers += 1;
    this.timer ??= setInterval(() => {
      if (!document.hidden) this.value = Date.now();
    }, 1000);
    return () => {
      end();
      this.watchers -= 1;
      if (this.watchers > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }
}

export const clock = new Clock(Date.now());
