import { css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { follow } from '../../api/follow';
import { Problem } from '../../api/problem';
import type { Job } from '../../api/types';
import { controls } from '../../ui/controls.css';
import { StudioElement } from '../../ui/element';
import '../../ui/field';
import { icon } from '../../ui/icons';
import '../../ui/state';
import { surfaces } from '../../ui/surfaces.css';
import { LogLines, type LogLine } from './log-lines';

/**
 * `<persopt-job-log .job trial="3">`: the log of a job or of one of its trials, live. It follows the end until
 * somebody scrolls up.
 */
@customElement('persopt-job-log')
export class JobLogElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    controls,
    css`
      :host {
        display: block;
      }
      .tools {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: var(--p-4);
        margin-block-end: var(--p-3);
      }
      .tools persopt-field {
        inline-size: 13rem;
        max-inline-size: 100%;
      }
      .tools .button {
        margin-inline-start: auto;
      }
      .lines {
        block-size: min(60dvh, 32rem);
        overflow: auto;
        padding: var(--p-3) var(--p-4);
        border: 1px solid var(--p-line);
        border-radius: var(--p-radius);
        background: var(--p-surface);
        direction: ltr;
        font-family: var(--p-mono);
        font-size: 0.8rem;
        line-height: 1.6;
      }
      .line {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: var(--p-3);
      }
      .line time {
        color: var(--p-soft);
      }
      .line span {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
      }
      .warning span {
        color: var(--p-warn);
      }
      .error span,
      .critical span {
        color: var(--p-bad);
      }
      .foot {
        display: flex;
        justify-content: space-between;
        gap: var(--p-4);
        margin-block-start: var(--p-2);
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;
  /** Number of a trial whose output is shown instead; null for the job's own log. */
  @property({ attribute: false }) trial: number | null = null;
  @state() private words = '';
  @state() private following = true;
  @state() private ended = false;
  @state() private fault: unknown = null;
  @query('.lines') private box!: HTMLElement | null;
  private lines = new LogLines();
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
    const source = `/jobs/${this.job.id}/log?follow=true${this.trial === null ? '' : `&trial=${this.trial}`}`;
    if (source !== this.source) this.begin(source);
  }

  override updated(): void {
    if (this.following && this.box) this.box.scrollTop = this.box.scrollHeight;
  }

  override render() {
    const shown = this.lines.find(this.words);
    return html`
      <div class="tools">
        <persopt-field label=${this.text('jobs.log.which')}>
          <select @change=${this.choose}>
            <option value="" ?selected=${this.trial === null}>${this.text('jobs.log.job')}</option>
            ${this.trialNumbers().map(
              (number) =>
                html`<option value=${number} ?selected=${number === this.trial}>
                  ${this.text('jobs.trial.name', { number })}
                </option>`,
            )}
          </select>
        </persopt-field>
        <persopt-field label=${this.text('jobs.log.filter')}>
          <input
            type="search"
            dir="auto"
            @input=${(event: Event) => (this.words = (event.target as HTMLInputElement).value)}
          />
        </persopt-field>
        <button class="button quiet" @click=${this.save}>${icon('download')}${this.text('jobs.log.save')}</button>
      </div>
      ${
        this.fault !== null
          ? html`<persopt-state
              kind="error"
              .error=${this.fault}
              heading=${this.text('jobs.log.absent')}
              @retry=${() => this.begin(this.source)}
            ></persopt-state>`
          : this.content(shown)
      }
    `;
  }

  private content(shown: readonly LogLine[]) {
    const status = this.ended ? 'jobs.log.ended' : this.following ? 'jobs.log.following' : 'jobs.log.paused';
    return html`
      <div
        class="lines"
        tabindex="0"
        role="log"
        aria-live="off"
        aria-label=${this.text('jobs.log')}
        @scroll=${this.onScroll}
      >
        ${repeat(
          shown,
          ({ number }) => number,
          ({ time, level, text }) =>
            html`<div class=${`line ${level}`}>
              ${time ? html`<time datetime=${time}>${clockTime(time)}</time>` : html`<i></i>`}<span>${text}</span>
            </div>`,
        )}
        ${shown.length === 0 ? html`<div class="soft">${this.text(this.words ? 'jobs.log.nomatch' : this.ended ? 'jobs.log.empty' : 'jobs.log.waiting')}</div>` : nothing}
      </div>
      <div class="foot">
        <span>
          ${this.text('jobs.log.count', { count: this.lines.total })}
          ${this.lines.dropped > 0 ? this.text('jobs.log.dropped', { count: this.lines.dropped }) : nothing}
        </span>
        ${
          this.following || this.ended
            ? html`<span>${this.text(status)}</span>`
            : html`<button class="button" @click=${() => (this.following = true)}>
                ${icon('down')}${this.text('jobs.log.follow')}
              </button>`
        }
      </div>
    `;
  }

  private begin(source: string): void {
    this.stop();
    this.source = source;
    this.lines = new LogLines();
    this.ended = false;
    this.following = true;
    this.fault = null;
    this.stop = follow(this.session.client, source, {
      frames: (frames) => {
        for (const { event, data } of frames) {
          if (event === 'end') this.ended = true;
          else this.lines.add(data);
        }
        this.requestUpdate();
      },
      failed: (error) => (this.fault = error),
    });
  }

  private readonly onScroll = (): void => {
    const { box } = this;
    if (!box) return;
    this.following = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
  };

  private readonly choose = (event: Event): void => {
    const { value } = event.target as HTMLSelectElement;
    const query = value === '' ? '' : `?trial=${value}`;
    this.session.router.go(`/jobs/${this.job.id}/log${query}`, { replace: true });
  };

  private trialNumbers(): number[] {
    if (this.job.kind !== 'tune') return this.trial === null ? [] : [this.trial];
    const { done, total } = this.job.progress;
    const count = Math.max(done + 1, this.trial === null ? 0 : this.trial + 1);
    return Array.from({ length: Math.min(count, total ?? count, 1000) }, (_, number) => number);
  }

  private readonly save = async (): Promise<void> => {
    const { client, notices } = this.session;
    const { id } = this.job;
    const [query, name] =
      this.trial === null ? ['', `${id}.jsonl`] : [`?trial=${this.trial}`, `${id}-${this.trial}.txt`];
    try {
      await client.download(`/jobs/${id}/log${query}`, name);
    } catch (error) {
      notices.show(error instanceof Problem ? error.message : String(error), 'bad');
    }
  };
}

/* A log is read beside programs' own output: the hour in Latin digits, as they write it. */
function clockTime(moment: string): string {
  const at = new Date(moment);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
