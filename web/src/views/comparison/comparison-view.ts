import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import type { Job } from '../../api/types';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import '../../ui/state';
import '../../ui/tabs';
import type { TabsElement } from '../../ui/tabs';
import './compare-form';
import { ComparisonElement } from './comparison-element';
import './comparison-run';
import './compress-form';
import { type CompareDraft, type CompressDraft, compareDraft, compressDraft, modelOf, type SureSpec } from './drafts';
import './recent';

type Mode = 'compare' | 'compress';

/** `<persopt-comparison-view>`: the forms of the tab, or, at `/comparison/ID`, one of its jobs. */
@customElement('persopt-comparison-view')
export class ComparisonViewElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      persopt-recent-comparisons {
        margin-block-start: var(--p-6);
      }
    `,
  ];

  /** The job whose spec the form begins with. */
  @state() private origin: Job | null = null;
  @state() private fault: unknown = null;
  private asked = '';

  protected override sessionReady(session: Session): void {
    super.sessionReady(session);
    new Watch(this, session.router.place);
  }

  override willUpdate(): void {
    const from = this.session.router.place.value.query.get('from') ?? '';
    if (from === this.asked) return;
    this.asked = from;
    this.origin = null;
    this.fault = null;
    if (from) void this.load(from);
  }

  override render() {
    if (!this.isReady) return html`<persopt-state kind="loading"></persopt-state>`;
    const { rest, query, view } = this.session.router.place.value;
    if (view !== 'comparison') return nothing;
    const [id] = rest;
    if (id) return keyed(id, html`<persopt-comparison-run job-id=${id}></persopt-comparison-run>`);
    const mode: Mode = query.get('mode') === 'compress' ? 'compress' : 'compare';
    return html`
      <header class="view-head">
        <h1>${this.text(`comparison.title${mode === 'compress' ? '.compress' : ''}`)}</h1>
        <p class="soft">${this.text(`comparison.intro${mode === 'compress' ? '.compress' : ''}`)}</p>
      </header>
      <persopt-tabs
        label=${this.text('comparison.modes')}
        .tabs=${(['compare', 'compress'] as const).map((name) => ({ name, label: this.text(`comparison.mode.${name}`) }))}
        .chosen=${mode}
        @change=${(event: Event) =>
          this.session.router.go(
            (event.target as TabsElement).chosen === 'compress' ? '/comparison?mode=compress' : '/comparison',
          )}
      >
        <div slot=${mode}>
          ${this.content(mode, query)}
          <persopt-recent-comparisons kind=${mode}></persopt-recent-comparisons>
        </div>
      </persopt-tabs>
    `;
  }

  private content(mode: Mode, query: URLSearchParams) {
    if (this.fault) {
      return html`<persopt-state
        kind="error"
        .error=${this.fault}
        @retry=${() => this.load(this.asked)}
      ></persopt-state>`;
    }
    if (this.asked && !this.origin) return html`<persopt-state kind="loading"></persopt-state>`;
    const key = `${mode} ${query.toString()}`;
    return keyed(
      key,
      mode === 'compare'
        ? html`<persopt-compare-form .given=${this.givenCompare(query)}></persopt-compare-form>`
        : html`<persopt-compress-form .given=${this.givenCompress(query)}></persopt-compress-form>`,
    );
  }

  /** The spec of a comparison; of another job, the model given against what it made. */
  private givenCompare(query: URLSearchParams): Partial<CompareDraft> | null {
    const { origin } = this;
    const models = query.getAll('model');
    if (!origin) return models.length > 0 ? { models: models.length > 1 ? models : [...models, ''] } : null;
    const { spec } = origin;
    if (spec.kind === 'compare') return compareDraft(spec);
    const before = spec.kind === 'tune' ? '' : (spec.modelPath ?? '');
    return { models: [before, modelOf(origin) ? origin.id : ''], dataset: spec.datasetPath ?? '' };
  }

  private givenCompress(query: URLSearchParams): Partial<CompressDraft> | null {
    const { origin } = this;
    const model = query.get('model');
    if (!origin) return model ? { model } : null;
    const { spec } = origin;
    if (spec.kind === 'compress') return compressDraft(spec as SureSpec);
    const data = { dataset: spec.datasetPath ?? '', output: null };
    if (spec.kind === 'compare') return { model: spec.modelPaths?.[0] ?? '', ...data };
    return { model: modelOf(origin)?.path ?? '', ...data };
  }

  private async load(id: string): Promise<void> {
    this.fault = null;
    try {
      this.origin = await this.session.jobs.load(id);
    } catch (error) {
      this.fault = error;
    }
  }
}
