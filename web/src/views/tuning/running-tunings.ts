import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import { estimateLeft } from '../../state/estimate';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { own, StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';

/** `<persopt-running-tunings>`: the tunings that run or wait, how far they are and how long they still need. */
@customElement('persopt-running-tunings')
export class RunningTuningsElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      ul {
        display: grid;
        gap: var(--p-3);
        list-style: none;
      }
      li {
        display: grid;
        gap: var(--p-1);
        font-size: var(--p-text-s);
      }
      a {
        overflow-wrap: anywhere;
      }
      h2 {
        margin-block-end: var(--p-3);
        font-size: var(--p-text);
      }
    `,
  ];

  private end: (() => void) | undefined;

  protected override sessionReady(session: Session): void {
    new Watch(this, session.jobs.jobs);
    void this.look();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.end = this.session.feed.onRefresh(() => void this.look());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end?.();
  }

  override render() {
    const active = [...this.session.jobs.jobs.value.values()].filter(
      ({ kind, state }) => kind === 'tune' && (state === 'running' || state === 'queued'),
    );
    if (active.length === 0) return nothing;
    return html`<h2>${this.text('tuning.running')}</h2>
      <ul role="list">
        ${active.map((job) => this.row(job))}
      </ul>`;
  }

  private row(job: Job) {
    const { done, total, share } = job.progress;
    const name = job.spec.name || (job.spec as { baseModelPath?: string }).baseModelPath || job.id;
    const left = estimateLeft(job);
    const part = share ?? (total ? done / total : 0);
    return html`<li>
      <a href=${this.session.router.href(`/jobs/${job.id}`)}>${own(name.split('/').pop() ?? name)}</a>
      <progress class="bar" max="1" .value=${part} aria-label=${this.text('tuning.progress')}></progress>
      <span class="soft">
        ${total ? this.text('tuning.trials.of', { done, total }) : this.text(`job.state.${job.state}`)}
        ${left === null ? nothing : html` · ${this.text('tuning.left', { time: this.formats.duration(Math.round(left)) })}`}
      </span>
    </li>`;
  }

  private async look(): Promise<void> {
    await this.session.jobs.list({ kind: 'tune', state: ['running', 'queued'], limit: 5 }).catch(() => undefined);
  }
}
