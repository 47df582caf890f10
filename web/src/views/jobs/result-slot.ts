import { html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Job, JobKind } from '../../api/types';
import { StudioElement } from '../../ui/element';
import '../../ui/state';

type Loader = () => Promise<unknown>;

/** The result views of the other tabs: a file `NAME-result.ts` each, which defines `<persopt-NAME-result>`. */
const files = import.meta.glob([
  '../pruning/prune-result.ts',
  '../quantization/quantize-result.ts',
  '../comparison/compare-result.ts',
  '../comparison/compress-result.ts',
  './tune-result.ts',
]);
const ELEMENTS: Record<JobKind, (job: Job, report: unknown) => TemplateResult> = {
  tune: (job, report) => html`<persopt-tune-result .job=${job} .report=${report}></persopt-tune-result>`,
  prune: (job, report) => html`<persopt-prune-result .job=${job} .report=${report}></persopt-prune-result>`,
  quantize: (job, report) => html`<persopt-quantize-result .job=${job} .report=${report}></persopt-quantize-result>`,
  compare: (job, report) => html`<persopt-compare-result .job=${job} .report=${report}></persopt-compare-result>`,
  compress: (job, report) => html`<persopt-compress-result .job=${job} .report=${report}></persopt-compress-result>`,
};

/** `<persopt-result-slot .job .report>`: the result of a job, shown by the view of its kind, loaded when it is needed. */
@customElement('persopt-result-slot')
export class ResultSlotElement extends StudioElement {
  @property({ attribute: false }) job!: Job;
  @property({ attribute: false }) report: unknown = null;
  @state() private loaded: JobKind | null = null;
  @state() private fault: unknown = null;
  private asked: JobKind | null = null;

  override willUpdate(): void {
    if (this.job.kind === this.asked) return;
    this.asked = this.job.kind;
    void this.load(this.job.kind);
  }

  override render() {
    const { kind } = this.job;
    if (this.loaded === kind) return ELEMENTS[kind](this.job, this.report);
    return this.fault === null
      ? html`<persopt-state kind="loading"></persopt-state>`
      : html`<persopt-state kind="error" .error=${this.fault} @retry=${() => this.load(kind)}></persopt-state>`;
  }

  private async load(kind: JobKind): Promise<void> {
    this.fault = null;
    try {
      const name = Object.keys(files).find((path) => path.endsWith(`/${kind}-result.ts`)) ?? '';
      await (files[name] as Loader)();
      this.loaded = kind;
    } catch (error) {
      this.fault = error;
    }
  }
}
