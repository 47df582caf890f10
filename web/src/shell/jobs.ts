import { css, html } from 'lit';
import { customElement } from 'lit/decorators.js';
import '../ui/notices';
import './connection';
import { MountElement } from './mount';
import '../views/jobs/jobs-view';
import { areasOf } from '../views/names';

/** `<persopt-jobs>`: the jobs alone, for another page. See `MountElement` for what it takes and fires. */
@customElement('persopt-jobs')
export class JobsRootElement extends MountElement {
  static override styles = [
    ...MountElement.styles,
    css`
      .part {
        background: var(--p-paper);
        color: var(--p-ink);
        font-family: var(--p-font);
        font-size: var(--p-text);
        line-height: 1.7;
      }
    `,
  ];

  protected override readonly areas = ['shell', ...areasOf('jobs')] as const;
  protected override readonly start = '/jobs';

  protected override content() {
    const { translator, router } = this.session;
    return html`
      <div class="part" lang=${translator.language} dir=${translator.formats.direction} @click=${router.click}>
        <persopt-connection></persopt-connection>
        <persopt-jobs-view></persopt-jobs-view>
        <persopt-notices></persopt-notices>
        ${this.tokenDialog()}
      </div>
    `;
  }
}
