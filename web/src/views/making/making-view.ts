import { css, html, type TemplateResult } from 'lit';
import { query, state } from 'lit/decorators.js';
import type { Job, JobKind } from '../../api/types';
import type { ViewName } from '../names';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { catalogOf } from '../../state/catalog';
import { StudioElement } from '../../ui/element';
import { icon } from '../../ui/icons';
import { surfaces } from '../../ui/surfaces.css';
import '../../ui/state';
import type { BaseDraft, DraftForm } from './draft-form';
import './job-run';

/**
 * A tab that makes one model out of another: the form, or, at `/TAB/JOBID`, the job and its result. `?from=JOBID`
 * begins with that job's spec, `?model=PATH` with that model.
 */
export abstract class MakingView extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      .new {
        display: inline-flex;
        align-items: center;
        gap: var(--p-1);
      }
    `,
  ];

  protected abstract readonly view: ViewName;
  protected abstract readonly kind: JobKind;
  protected abstract form(): TemplateResult;
  protected abstract result(job: Job, report: unknown): TemplateResult;
  @state() private isReady = false;
  @query('[data-form]') private filled!: DraftForm<BaseDraft>;

  protected override sessionReady(session: Session): void {
    new Watch(this, session.router.place);
    void session.translator.load('results').then(() => (this.isReady = true));
  }

  override render() {
    if (!this.isReady) return html`<persopt-state kind="loading"></persopt-state>`;
    const { view, rest } = this.session.router.place.value;
    const [id] = view === this.view ? rest : [];
    return html`
      <header class="view-head">
        <h1 tabindex="-1">${this.text(`${this.view as 'pruning'}.title`)}</h1>
        ${id ? this.back() : html`<p class="soft">${this.text(`${this.view as 'pruning'}.intro`)}</p>`}
      </header>
      ${id ? this.run(id) : this.form()}
    `;
  }

  override updated(): void {
    const { view, rest, query: asked } = this.session.router.place.value;
    if (!this.isReady || view !== this.view || rest.length > 0) return;
    const [from, model] = [asked.get('from'), asked.get('model')];
    if (!from && !model) return;
    this.session.router.go(`/${this.view}`, { replace: true });
    if (from) void this.beginFrom(from);
    else if (model) this.filled.take({ model });
  }

  protected readonly started = (event: CustomEvent<Job>): void => {
    this.session.router.go(`/${this.view}/${event.detail.id}`);
    const heading = this.renderRoot.querySelector('h1');
    heading?.scrollIntoView({ block: 'start' }); // the studio may be a part of another page
    heading?.focus({ preventScroll: true });
  };

  private run(id: string) {
    return html`<persopt-job-run
      jobId=${id}
      kind=${this.kind}
      .result=${(job: Job, report: unknown) => this.result(job, report)}
      @again=${(event: CustomEvent<Job>) => this.session.router.go(`/${this.view}?from=${event.detail.id}`)}
    ></persopt-job-run>`;
  }

  private back() {
    return html`<p>
      <a class="new" href=${this.session.router.href(`/${this.view}`)}
        >${icon('plus')}<span>${this.text('run.new')}</span></a
      >
    </p>`;
  }

  private async beginFrom(id: string): Promise<void> {
    try {
      const { models, datasets } = catalogOf(this.session);
      const [job] = await Promise.all([this.session.jobs.load(id), models.load(), datasets.load()]);
      this.filled.begin(job);
    } catch (error) {
      this.session.notices.showError(error);
    }
  }
}
