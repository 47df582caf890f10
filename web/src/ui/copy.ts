import { html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { StudioElement } from './element';
import { icon } from './icons';

/** `<persopt-copy .content=…>`: a button that copies a text. */
@customElement('persopt-copy')
export class CopyElement extends StudioElement {
  @property({ attribute: false }) content = '';

  override render() {
    return html`<button class="button quiet" @click=${this.copy}>${icon('copy')}${this.text('action.copy')}</button>`;
  }

  private async copy(): Promise<void> {
    await navigator.clipboard.writeText(this.content);
    this.session.notices.show(this.text('action.copied'));
  }
}
