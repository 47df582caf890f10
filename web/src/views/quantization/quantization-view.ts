import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import { MakingView } from '../making/making-view';
import type { QuantizeReport } from '../results/reports';
import './quantize-form';
import './quantize-result';

/** `<persopt-quantization-view>`: the quantization tab. */
@customElement('persopt-quantization-view')
export class QuantizationViewElement extends MakingView {
  protected override readonly view = 'quantization';
  protected override readonly kind = 'quantize';

  protected override form() {
    return html`<persopt-quantize-form data-form @started=${this.started}></persopt-quantize-form>`;
  }

  protected override result(job: Job, report: unknown) {
    return html`<persopt-quantize-result .job=${job} .report=${report as QuantizeReport}></persopt-quantize-result>`;
  }
}
