import type { Client } from './client';
import { Problem } from './problem';
import { readFrames, type Frame } from './sse';

const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 8000;

export interface Following {
  /** Called with the frames that came together; after an `end` frame nothing more comes. */
  frames: (frames: readonly Frame[]) => void;
  /** Called with why it does not go on for good; a break is mended without a word. */
  failed: (error: unknown) => void;
}

/** Follows a stream of events of the server until it ends or is left; after a break it goes on after the last one. */
export function follow(client: Client, path: string, { frames, failed }: Following): () => void {
  const stopping = new AbortController();
  void run(client, path, stopping.signal, frames).catch((error: unknown) => {
    if (!stopping.signal.aborted) failed(error);
  });
  return () => stopping.abort();
}

async function run(client: Client, path: string, signal: AbortSignal, tell: Following['frames']): Promise<void> {
  let last = '';
  let pause = FIRST_PAUSE_MS;
  const gathered: Frame[] = [];
  let isScheduled = false;
  const flush = () => {
    isScheduled = false;
    if (!signal.aborted && gathered.length > 0) tell(gathered.splice(0));
  };
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = last ? { 'Last-Event-ID': last } : {};
      const answer = await client.fetch(path, { headers, signal });
      pause = FIRST_PAUSE_MS;
      for await (const frame of readFrames(answer)) {
        last = frame.id || last;
        gathered.push(frame);
        if (!isScheduled) setTimeout(flush, 50);
        isScheduled = true;
        if (frame.event === 'end') return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status < 500) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, LAST_PAUSE_MS);
  }
}
