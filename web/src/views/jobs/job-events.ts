import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { follow } from '../../api/follow';
import type { EventData } from '../../api/events';
import type { Job } from '../../api/types';
import { describeFaultText } from '../../i18n/fault-words';
import { isActive } from '../../state/jobs';
import { controls } from '../../ui/controls.css';
import { StudioElement } from '../../ui/element';
import '../../ui/state';
import { surfaces } from '../../ui/surfaces.css';

interface Told {
  id: string;
  type: string;
  time: string;
  data: EventData & { willRetry?: boolean; bestValues?: number[] };
}

const MOST = 500;
/** Events that come many times a second and tell nothing that the figures above do not. */
const QUIET = 'persopt.job.progress';
const REPORT = 'persopt.trial.reported';

/** `<persopt-job-events .job>`: everything that happened to a job, the newest first, live. */
@customElement('persopt-job-events')
export class JobEventsElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    controls,
    css`
      .check {
        margin-block-end: var(--p-3);
        font-size: var(--p-text-s);
      }
      ol {
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: 7rem 13rem minmax(0, 1fr);
        gap: var(--p-1) var(--p-4);
        padding-block: var(--p-2);
        border-block-end: 1px solid var(--p-line);
        font-size: var(--p-text-s);
      }
      li .what {
        overflow-wrap: anywhere;
      }
      @media (max-width: 44rem) {
        li {
          grid-template-columns: max-content minmax(0, 1fr);
        }
        li .what {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;
  @state() private told: readonly Told[] = [];
  @state() private fault: unknown = null;
  @state() private count = 0;
  @state() private withReports = false;
  private source = '';
  private stop: () => void = () => undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.source = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  override willUpdate(): void {
    const source = `/events?job=${this.job.id}&start=all`;
    if (source !== this.source) this.begin(source);
  }

  override render() {
    if (this.fault !== null) {
      return html`<persopt-state
        kind="error"
        .error=${this.fault}
        @retry=${() => this.begin(this.source)}
      ></persopt-state>`;
    }
    if (this.told.length === 0) {
      return isActive(this.job)
        ? html`<persopt-state kind="loading"></persopt-state>`
        : html`<p class="soft small">${this.text('jobs.events.none')}</p>`;
    }
    const shown = this.withReports ? this.told : this.told.filter(({ type }) => type !== REPORT);
    return html`
      ${this.told.some(({ type }) => type === REPORT) ? this.choice() : nothing}
      ${this.count > MOST ? html`<p class="soft small">${this.text('jobs.events.last', { count: MOST })}</p>` : nothing}
      <ol role="list">
        ${repeat(
          shown,
          ({ id }) => id,
          (event) =>
            html`<li>
              <time class="soft figure" datetime=${event.time} title=${this.formats.dateTime(event.time)}
                >${this.formats.time(event.time)}</time
              >
              <span>${this.nameOf(event)}</span>
              <span class="what soft"><bdi dir="auto">${this.describe(event.data)}</bdi></span>
            </li>`,
        )}
      </ol>
    `;
  }

  private choice() {
    return html`<label class="check">
      <input
        type="checkbox"
        .checked=${this.withReports}
        @change=${(event: Event) => (this.withReports = (event.target as HTMLInputElement).checked)}
      />
      <span>${this.text('jobs.events.reports')}</span>
    </label>`;
  }

  private begin(source: string): void {
    this.stop();
    this.source = source;
    this.told = [];
    this.count = 0;
    this.fault = null;
    this.stop = follow(this.session.client, source, {
      frames: (frames) => {
        const read = frames.map(({ data }) => JSON.parse(data) as Told).filter(({ type }) => type !== QUIET);
        this.count += read.length;
        this.told = [...read.reverse(), ...this.told].slice(0, MOST);
      },
      failed: (error) => (this.fault = error),
    });
  }

  private nameOf({ type, data }: Told): string {
    const key = `jobs.event.${type.replace('persopt.', '')}`;
    const { translator } = this.session;
    return translator.has(key) ? translator.text(key, { number: data.number ?? 0 }) : type;
  }

  private describe(data: Told['data']): string {
    const pairs = (values: Record<string, unknown>) =>
      Object.entries(values)
        .map(
          ([name, value]) =>
            `${name}\u00a0=\u00a0${typeof value === 'number' ? this.formats.significant(value) : String(value)}`,
        )
        .join(', ');
    if (data.fault) return this.faultText(data.fault.message, data.willRetry);
    if (data.reason) return data.reason;
    if (data.step !== undefined)
      return `${this.text('jobs.step')} ${this.formats.number(data.step)}: ${pairs(data.metrics ?? {})}`;
    if (data.metrics) return pairs(data.metrics);
    if (data.params) return pairs(data.params);
    return '';
  }

  private faultText(message: string, willRetry = false): string {
    const told = describeFaultText(message, this.session.translator);
    return willRetry ? `${told} — ${this.text('jobs.event.retry')}` : told;
  }
}
