import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';

/** `<persopt-quantization-view>`: the quantization tab. */
@customElement('persopt-quantization-view')
export class QuantizationViewElement extends StudioElement {
  static override styles = [...StudioElement.styles, surfaces];

  override render() {
    return html`
      <header class="view-head">
        <h1>${this.text('quantization.title')}</h1>
        <p class="soft">${this.text('quantization.intro')}</p>
      </header>
    `;
  }
}
