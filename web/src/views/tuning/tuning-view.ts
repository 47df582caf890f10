import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';

/** `<persopt-tuning-view>`: the tuning tab. */
@customElement('persopt-tuning-view')
export class TuningViewElement extends StudioElement {
  static override styles = [...StudioElement.styles, surfaces];

  override render() {
    return html`
      <header class="view-head">
        <h1>${this.text('tuning.title')}</h1>
        <p class="soft">${this.text('tuning.intro')}</p>
      </header>
    `;
  }
}
