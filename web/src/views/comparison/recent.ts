import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { CompareSpec, CompressSpec, Job } from '../../api/types';
import { Resource } from '../../state/resource';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { ltr, own } from '../../ui/element';
import { ComparisonElement } from './comparison-element';

const MOST = 6;

/** `<persopt-recent-comparisons kind="compare">`: the last comparisons or compressions, to go back to. */
@customElement('persopt-recent-comparisons')
export class RecentComparisonsElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      ul {
        margin-block-start: var(--p-3);
      }
      a {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto auto;
        gap: var(--p-2) var(--p-5);
        align-items: baseline;
        padding-block: var(--p-3);
        border-block-end: 1px solid var(--p-line);
        color: var(--p-ink);
        text-decoration: none;
      }
      a:hover {
        border-block-end-color: var(--p-ink);
      }
      .name {
        overflow-wrap: anywhere;
      }
      time {
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
    `,
  ];

  @property() kind: 'compare' | 'compress' = 'compare';
  private lists!: Record<'compare' | 'compress', Resource<readonly Job[]>>;

  protected override sessionReady(session: Session): void {
    super.sessionReady(session);
    const list = (kind: 'compare' | 'compress') =>
      new Resource(async () => (await session.jobs.list({ kind, limit: MOST })).jobs as readonly Job[]);
    this.lists = { compare: list('compare'), compress: list('compress') };
    new Watch(this, this.lists.compare, this.lists.compress, session.jobs.jobs);
    void this.lists.compare.load();
    void this.lists.compress.load();
  }

  override render() {
    const jobs = this.lists[this.kind].value.value ?? [];
    if (!this.isReady || jobs.length === 0) return nothing;
    return html`
      <h2>${this.text(`comparison.recent.${this.kind}`)}</h2>
      <ul role="list">
        ${jobs.map((job) => this.item(this.session.jobs.get(job.id) ?? job))}
      </ul>
    `;
  }

  private item(job: Job) {
    const short = (path: string) => path.split('/').filter(Boolean).pop() ?? path;
    const { spec } = job;
    const models =
      job.kind === 'compare' ? ((spec as CompareSpec).modelPaths ?? []) : [(spec as CompressSpec).modelPath ?? ''];
    const name = spec.name
      ? own(spec.name)
      : models.map(
          (path, place) => html`${place > 0 ? this.text('comparison.separator') : nothing}${ltr(short(path))}`,
        );
    return html`<li>
      <a href=${this.session.router.href(`/comparison/${job.id}`)}>
        <span class="name">${name}</span>
        <span class=${`tag ${job.state}`}>${this.text(`job.state.${job.state}`)}</span>
        <time datetime=${job.createdAt}>${this.formats.ago(job.createdAt)}</time>
      </a>
    </li>`;
  }
}
