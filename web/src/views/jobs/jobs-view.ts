import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';
import './job-list';

let page: Promise<unknown> | null = null;

/** `<persopt-jobs-view>`: the jobs tab: all jobs, or at `/jobs/ID` the page of one. */
@customElement('persopt-jobs-view')
export class JobsViewElement extends StudioElement {
  static override styles = [...StudioElement.styles, surfaces];

  protected override sessionReady(session: Session): void {
    new Watch(this, session.router.place);
  }

  override render() {
    const { view, rest } = this.session.router.place.value;
    const [id, section = ''] = view === 'jobs' ? rest : [];
    if (id !== undefined) {
      page ??= import('./job-page');
      return html`<persopt-job-page .job=${id} .section=${section}></persopt-job-page>`;
    }
    return html`
      <header class="view-head">
        <h1>${this.text('jobs.title')}</h1>
        <p class="soft">${this.text('jobs.intro')}</p>
      </header>
      <persopt-job-list></persopt-job-list>
    `;
  }
}
