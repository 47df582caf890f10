import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import { MakingView } from '../making/making-view';
import type { PruneReport } from '../results/reports';
import './prune-form';
import './prune-result';

/** `<persopt-pruning-view>`: the pruning tab. */
@customElement('persopt-pruning-view')
export class PruningViewElement extends MakingView {
  protected override readonly view = 'pruning';
  protected override readonly kind = 'prune';

  protected override form() {
    return html`<persopt-prune-form data-form @started=${this.started}></persopt-prune-form>`;
  }

  protected override result(job: Job, report: unknown) {
    return html`<persopt-prune-result .job=${job} .report=${report as PruneReport}></persopt-prune-result>`;
  }
}
