import { createContext } from '@lit/context';
import { Client } from '../api/client';
import { EventFeed, type Connection } from '../api/events';
import type { Job, System, Totals } from '../api/types';
import { Translator } from '../i18n/translator';
import { Router, type Routing } from '../router';
import { JobsStore } from './jobs';
import { Notices } from './notices';
import { Preferences } from './preferences';
import { Resource } from './resource';
import { Signal } from './signal';

const SYSTEM_MS = 10_000;
const GATHER_MS = 300;

export interface Figures {
  totals: Totals;
  /** Tuning jobs, as the totals are. */
  running: number;
  waiting: number;
}

export interface SessionOptions {
  server: string;
  /** A token given by the host's page; else the one that the person has typed. */
  token: string | null;
  routing: Routing;
  start: string;
  language: 'fa' | 'en' | null;
}

/** Everything that the elements of one studio share: the server's client, what is known, language and address. */
export class Session {
  readonly preferences = new Preferences();
  readonly notices = new Notices();
  readonly client: Client;
  readonly feed: EventFeed;
  readonly jobs: JobsStore;
  readonly figures: Resource<Figures>;
  readonly system: Resource<System>;
  readonly connection = new Signal<Connection>('connecting');
  readonly translator: Translator;
  readonly router: Router;
  private token: string | null;
  private systemTimer: ReturnType<typeof setInterval> | undefined;
  private figuresTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions) {
    this.token = options.token ?? this.preferences.token;
    this.client = new Client({
      server: options.server,
      token: () => this.token,
      refused: () => (this.connection.value = 'refused'),
    });
    this.feed = new EventFeed(this.client);
    this.jobs = new JobsStore(this.client, this.feed);
    this.figures = new Resource(() => this.readFigures());
    this.system = new Resource(() => this.client.system());
    this.translator = new Translator(options.language ?? this.preferences.language);
    this.router = new Router(options.routing, options.start);
    this.feed.addEventListener('connection', () => (this.connection.value = this.feed.connection));
    this.feed.onRefresh(() => this.lookAround());
    this.feed.subscribe(({ type }) => {
      if (type !== 'persopt.job.progress' && type !== 'persopt.trial.reported') this.noteChange();
    });
  }

  connect(): void {
    this.router.connect();
    this.feed.start();
    this.lookAround();
    this.systemTimer = setInterval(() => {
      if (!document.hidden && this.connection.value !== 'refused') void this.system.load();
    }, SYSTEM_MS);
    window.addEventListener('online', this.restart);
  }

  disconnect(): void {
    this.router.disconnect();
    this.feed.stop();
    clearInterval(this.systemTimer);
    clearTimeout(this.figuresTimer);
    this.figuresTimer = undefined;
    window.removeEventListener('online', this.restart);
  }

  /**
   * Tries a token that the person has typed, and goes on with it; the browser keeps it until the tab is closed. It is
   * tried by one question, since the server counts wrong ones. Throws what the client throws.
   */
  async useToken(token: string): Promise<void> {
    this.token = token;
    await this.client.totals();
    this.preferences.token = token;
    this.begin();
  }

  /** Goes on with a token that the host's page has given; the page keeps it, not the studio. */
  giveToken(token: string | null): void {
    const next = token ?? this.preferences.token;
    if (next === this.token) return;
    this.token = next;
    this.begin();
  }

  private begin(): void {
    this.connection.value = 'connecting';
    this.feed.connection = 'connecting';
    this.restart();
    this.lookAround();
  }

  private readonly restart = (): void => this.feed.restart();

  private lookAround(): void {
    void this.figures.load();
    void this.system.load();
  }

  private noteChange(): void {
    this.figuresTimer ??= setTimeout(() => {
      this.figuresTimer = undefined;
      void this.figures.load();
    }, GATHER_MS);
  }

  private async readFigures(): Promise<Figures> {
    const count = (state: Job['state']) => this.client.jobs({ kind: 'tune', state: [state], limit: 1 });
    const [totals, running, waiting] = await Promise.all([this.client.totals(), count('running'), count('queued')]);
    return { totals, running: running.total, waiting: waiting.total };
  }
}

export const sessionContext = createContext<Session>(Symbol('persopt-session'));
