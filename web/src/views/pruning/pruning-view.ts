import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';

/** `<persopt-pruning-view>`: the pruning tab. */
@customElement('persopt-pruning-view')
export class PruningViewElement extends StudioElement {
  static override styles = [...StudioElement.styles, surfaces];

  override render() {
    return html`
      <header class="view-head">
        <h1>${this.text('pruning.title')}</h1>
        <p class="soft">${this.text('pruning.intro')}</p>
      </header>
    `;
  }
}
