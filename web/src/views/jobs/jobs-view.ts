import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';

/** `<persopt-jobs-view>`: the jobs tab. */
@customElement('persopt-jobs-view')
export class JobsViewElement extends StudioElement {
  static override styles = [...StudioElement.styles, surfaces];

  override render() {
    return html`
      <header class="view-head">
        <h1>${this.text('jobs.title')}</h1>
        <p class="soft">${this.text('jobs.intro')}</p>
      </header>
    `;
  }
}
