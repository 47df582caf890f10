import type { Client } from './client';
import { isAboutToken, OfflineError, Problem } from './problem';
import { readFrames } from './sse';
import type { Fault, Progress } from './types';

/** What the `data` of an event may hold, by its type. */
export interface EventData {
  type: string;
  number?: number;
  step?: number;
  attempt?: number;
  params?: Record<string, unknown>;
  values?: number[];
  metrics?: Record<string, number>;
  seconds?: number | null;
  reason?: string;
  fault?: Fault;
  progress?: Progress;
}

/** A CloudEvent of a job. */
export interface JobEvent {
  id: string;
  type: string;
  time: string;
  jobId: string;
  data: EventData;
}

/**
 * `live`: events come as they happen. `polling`: the server answers, but sends no events. `offline`: it does not
 * answer. `refused`: it wants a token.
 */
export type Connection = 'connecting' | 'live' | 'polling' | 'offline' | 'refused';

const POLL_MS = 3000;
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 8000;
/** The server comments on a quiet stream every 15 s; one that is silent for longer than two of them is dead. */
const SILENCE_MS = 40_000;

/**
 * All events of a server over one connection. After a break it goes on after the last event that it has seen, so
 * nothing is lost; while there is no stream, it asks its listeners every three seconds to look for themselves.
 *
 * Events: `job-event` (a `JobEvent`), `refresh` (look at the server anew), `connection` (a `Connection`).
 */
export class EventFeed extends EventTarget {
  connection: Connection = 'connecting';
  private last = '';
  private pause = FIRST_PAUSE_MS;
  private stopping: AbortController | null = null;

  constructor(private readonly client: Client) {
    super();
  }

  start(): void {
    if (this.stopping) return;
    const stopping = new AbortController();
    this.stopping = stopping;
    void this.follow(stopping.signal);
    void this.poll(stopping.signal);
  }

  stop(): void {
    this.stopping?.abort();
    this.stopping = null;
  }

  /** Begins anew at once: after a token was given, or when the network has come back. */
  restart(): void {
    this.stop();
    this.pause = FIRST_PAUSE_MS;
    this.start();
  }

  /** Calls a listener with each event of a job, or of all; returns how to end that. */
  subscribe(listener: (event: JobEvent) => void, jobId?: string): () => void {
    const hear = (message: Event) => {
      const event = (message as CustomEvent<JobEvent>).detail;
      if (jobId === undefined || event.jobId === jobId) listener(event);
    };
    this.addEventListener('job-event', hear);
    return () => this.removeEventListener('job-event', hear);
  }

  /** Calls a listener whenever the server should be looked at anew; returns how to end that. */
  onRefresh(listener: () => void): () => void {
    this.addEventListener('refresh', listener);
    return () => this.removeEventListener('refresh', listener);
  }

  private async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.read(signal);
        if (!signal.aborted) this.become('connecting'); // the server ended it: it restarts
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof OfflineError)
          await this.look(signal); // the server may be there, and only the stream not
        else this.note(error);
        if (this.isRefused()) return; // the same token again would be one more wrong one; `restart` comes with another
      }
      await wait(this.pause * (0.75 + Math.random() / 2), signal);
      this.pause = Math.min(this.pause * 2, LAST_PAUSE_MS);
    }
  }

  private async read(signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    const both = AbortSignal.any([signal, silence.signal]);
    const headers: Record<string, string> = this.last ? { 'Last-Event-ID': this.last } : {};
    const answer = await this.client.fetch('/events', { headers, signal: both });
    this.pause = FIRST_PAUSE_MS;
    this.become('live');
    this.dispatchEvent(new Event('refresh'));
    const watched = watchSilence(answer, () => silence.abort());
    for await (const frame of readFrames(watched)) {
      this.last = frame.id || this.last;
      const event = readEvent(frame.data);
      if (event) this.dispatchEvent(new CustomEvent('job-event', { detail: event }));
    }
  }

  private async poll(signal: AbortSignal): Promise<void> {
    for (;;) {
      await wait(POLL_MS, signal);
      if (signal.aborted) return;
      if (this.connection === 'live' || this.connection === 'refused') continue;
      await this.look(signal);
    }
  }

  /** Asks the server whether it is there, and lets everybody ask for themselves if it is. */
  private async look(signal: AbortSignal): Promise<void> {
    try {
      await this.client.totals();
      if (signal.aborted) return;
      if (this.connection === 'offline') this.pause = FIRST_PAUSE_MS;
      if (this.isAway()) this.become('polling');
      this.dispatchEvent(new Event('refresh'));
    } catch (error) {
      if (!signal.aborted) this.note(error);
    }
  }

  private isAway(): boolean {
    return this.connection !== 'live';
  }

  private isRefused(): boolean {
    return this.connection === 'refused';
  }

  private note(error: unknown): void {
    if (error instanceof Problem) this.become(isAboutToken(error) ? 'refused' : 'polling');
    else if (error instanceof OfflineError) this.become('offline');
    else this.become('connecting');
  }

  private become(connection: Connection): void {
    if (connection === this.connection) return;
    this.connection = connection;
    this.dispatchEvent(new CustomEvent('connection', { detail: connection }));
  }
}

function readEvent(text: string): JobEvent | null {
  const { id, type, time, source, data } = JSON.parse(text) as Record<string, string> & { data: EventData };
  const jobId = (source ?? '').split('/').pop() ?? '';
  return id && type && time && jobId ? { id, type, time, jobId, data } : null;
}

/** Passes an answer on, and calls `dead` once nothing at all has come for too long. */
function watchSilence(answer: Response, dead: () => void): Response {
  if (answer.body === null) return answer;
  let timer = setTimeout(dead, SILENCE_MS);
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      clearTimeout(timer);
      timer = setTimeout(dead, SILENCE_MS);
      controller.enqueue(piece);
    },
    flush: () => clearTimeout(timer),
  });
  return new Response(answer.body.pipeThrough(watch));
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
