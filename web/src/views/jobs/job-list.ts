import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { controls } from '../../ui/controls.css';
import { StudioElement } from '../../ui/element';
import '../../ui/field';
import { icon } from '../../ui/icons';
import '../../ui/state';
import { surfaces } from '../../ui/surfaces.css';
import './job-card';
import { filterPath, readFilter, shownJobs, type JobFilter } from './list-window';

const PAGE = 25;
const GATHER_MS = 400;

/** `<persopt-job-list>`: all jobs, the newest first, page by page; the filter is in the address. */
@customElement('persopt-job-list')
export class JobListElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    controls,
    css`
      :host {
        display: block;
      }
      .filters {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-4);
        padding-block-end: var(--p-4);
        border-block-end: 1px solid var(--p-edge);
      }
      .filters persopt-field {
        inline-size: 11rem;
      }
      .count {
        align-self: end;
        margin-inline-start: auto;
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
      .more {
        padding-block: var(--p-5);
      }
      @media (max-width: 30rem) {
        .filters persopt-field {
          flex: 1;
          inline-size: auto;
        }
      }
    `,
  ];

  @state() private total: number | null = null;
  @state() private next: string | null = null;
  @state() private fault: unknown = null;
  @state() private loading = false;
  /** Id of the oldest job that was read; null once all were. */
  private oldest: string | null = '\uffff';
  /** Id of the newest job that was read; ids sort by time. */
  private newest = '';
  private filter: JobFilter | null = null;
  private ends: (() => void)[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  protected override sessionReady(session: Session): void {
    new Watch(this, session.jobs.jobs);
    new Watch(this, session.router.place);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { feed } = this.session;
    this.ends = [
      feed.onRefresh(() => this.lookAgain()),
      feed.subscribe(({ type }) => {
        if (type.startsWith('persopt.job.') && type !== 'persopt.job.progress') this.lookAgain();
      }),
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of this.ends) end();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  override willUpdate(): void {
    const { view, query } = this.session.router.place.value;
    if (view !== 'jobs') return;
    const filter = readFilter(query);
    if (this.filter && filterPath(filter) === filterPath(this.filter)) return;
    this.filter = filter;
    this.oldest = '\uffff';
    this.newest = '';
    this.next = null;
    this.total = null;
    void this.load(null);
  }

  override render() {
    const filter = this.filter ?? { kind: '', state: '' };
    const jobs = shownJobs(this.session.jobs.jobs.value.values(), filter, this.oldest);
    return html`${this.filters(filter)} ${this.list(filter, jobs)}`;
  }

  private list(filter: JobFilter, jobs: ReturnType<typeof shownJobs>) {
    if (this.fault !== null && jobs.length === 0) {
      return html`<persopt-state kind="error" .error=${this.fault} @retry=${() => this.load(null)}></persopt-state>`;
    }
    if (this.total === null && jobs.length === 0) return html`<persopt-state kind="loading"></persopt-state>`;
    if (jobs.length === 0) return this.empty(filter);
    return html`
      ${repeat(
        jobs,
        ({ id }) => id,
        (job) => html`<persopt-job-card .job=${job}></persopt-job-card>`,
      )}
      ${
        this.next === null
          ? nothing
          : html`<div class="more">
              <button class="button" ?disabled=${this.loading} @click=${() => this.load(this.next)}>
                ${icon('down')}${this.text(this.loading ? 'state.loading' : 'jobs.more')}
              </button>
            </div>`
      }
    `;
  }

  private empty({ kind, state }: JobFilter) {
    const { router } = this.session;
    if (kind || state) {
      return html`<persopt-state kind="empty" heading=${this.text('jobs.none.filtered')}>
        <a href=${router.href('/jobs')}>${this.text('jobs.filter.clear')}</a>
      </persopt-state>`;
    }
    return html`<persopt-state kind="empty" heading=${this.text('jobs.none')}>
      <p>${this.text('jobs.none.text')}</p>
      <a href=${router.href('/tuning')}>${this.text('jobs.none.action')}</a>
    </persopt-state>`;
  }

  private filters({ kind, state }: JobFilter) {
    const kinds = ['tune', 'prune', 'quantize', 'compare', 'compress'] as const;
    const states = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
    return html`<div class="filters">
      <persopt-field label=${this.text('jobs.filter.kind')}>
        <select @change=${(event: Event) => this.choose({ kind: (event.target as HTMLSelectElement).value, state })}>
          <option value="" ?selected=${!kind}>${this.text('jobs.filter.all')}</option>
          ${kinds.map((name) => html`<option value=${name} ?selected=${name === kind}>${this.text(`kind.${name}`)}</option>`)}
        </select>
      </persopt-field>
      <persopt-field label=${this.text('jobs.filter.state')}>
        <select @change=${(event: Event) => this.choose({ kind, state: (event.target as HTMLSelectElement).value })}>
          <option value="" ?selected=${!state}>${this.text('jobs.filter.all')}</option>
          ${states.map((name) => html`<option value=${name} ?selected=${name === state}>${this.text(`job.state.${name}`)}</option>`)}
        </select>
      </persopt-field>
      <span class="count" role="status"
        >${this.total === null ? nothing : this.text('jobs.count', { count: this.total })}</span
      >
    </div>`;
  }

  private choose(filter: { kind: string; state: string }): void {
    this.session.router.go(filterPath(filter as JobFilter), { replace: true });
  }

  private async load(cursor: string | null): Promise<void> {
    const filter = this.filter;
    if (!filter) return;
    this.loading = true;
    try {
      const page = await this.page(filter, cursor);
      if (filter !== this.filter) return;
      this.total = page.total;
      this.next = page.next;
      this.newest = cursor === null ? (page.jobs[0]?.id ?? '') : this.newest;
      this.oldest = page.next === null ? null : (page.jobs[page.jobs.length - 1]?.id ?? null);
      this.fault = null;
    } catch (error) {
      if (filter === this.filter) this.fault = error;
    } finally {
      this.loading = false;
    }
  }

  private page(filter: JobFilter, cursor: string | null) {
    return this.session.jobs.list({
      limit: PAGE,
      ...(filter.kind ? { kind: filter.kind } : {}),
      ...(filter.state ? { state: [filter.state] } : {}),
      ...(cursor === null ? {} : { cursor }),
    });
  }

  /** Reads the newest pages again, soon: jobs may have come, or may count otherwise now. */
  private lookAgain(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.readNewest();
    }, GATHER_MS);
  }

  private async readNewest(): Promise<void> {
    const filter = this.filter;
    if (!filter || this.total === null) return void this.load(null);
    const { newest } = this;
    try {
      for (let cursor: string | null = null; ;) {
        const page = await this.page(filter, cursor);
        if (filter !== this.filter) return;
        this.total = page.total;
        const [first] = page.jobs;
        if (first && first.id > this.newest) this.newest = first.id;
        const last = page.jobs.at(-1);
        cursor = page.next;
        if (cursor === null || !last || last.id <= newest) return;
      }
    } catch {
      return; // what is shown stays; the connection's line tells
    }
  }
}
