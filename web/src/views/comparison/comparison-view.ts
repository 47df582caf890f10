import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';

/** `<persopt-comparison-view>`: the comparison tab. */
@customElement('persopt-comparison-view')
export class ComparisonViewElement extends StudioElement {
  static override styles = [...StudioElement.styles, surfaces];

  override render() {
    return html`
      <header class="view-head">
        <h1>${this.text('comparison.title')}</h1>
        <p class="soft">${this.text('comparison.intro')}</p>
      </header>
    `;
  }
}
