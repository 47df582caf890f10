import { css, html } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { Problem } from '../api/problem';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import { controls } from '../ui/controls.css';
import '../ui/dialog';
import { StudioElement } from '../ui/element';
import '../ui/field';

/** `<persopt-token-dialog>`: asks for the token of a server that wants one. Loaded only then. */
@customElement('persopt-token-dialog')
export class TokenDialogElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    controls,
    css`
      form {
        display: grid;
        gap: var(--p-4);
        margin-block-start: var(--p-4);
      }
      .button {
        justify-self: start;
      }
    `,
  ];
  @query('input') private input!: HTMLInputElement;
  @state() private fault: unknown = null;

  protected override sessionReady(session: Session): void {
    new Watch(this, session.connection);
  }

  override render() {
    const refused = this.session.connection.value === 'refused';
    return html`
      <persopt-dialog heading=${this.text('token.title')} required ?open=${refused}>
        <p class="soft">${this.text('token.text')}</p>
        <form @submit=${this.submit}>
          <persopt-field label=${this.text('token.label')} error=${this.reason()}>
            <input type="password" dir="ltr" autocomplete="off" required />
          </persopt-field>
          <button class="button primary">${this.text('token.save')}</button>
        </form>
      </persopt-dialog>
    `;
  }

  private reason(): string {
    if (this.fault === null) return '';
    if (!(this.fault instanceof Problem)) return this.text('state.offline');
    return this.text(this.fault.status === 429 ? 'token.many' : 'token.wrong');
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    const token = this.input.value.trim();
    if (!token) return;
    try {
      await this.session.useToken(token);
      this.fault = null;
    } catch (error) {
      this.fault = error;
      this.input.select();
    }
  }
}
