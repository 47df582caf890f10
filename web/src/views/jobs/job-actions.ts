import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import { canResume, isActive } from '../../state/jobs';
import { controls } from '../../ui/controls.css';
import '../../ui/dialog';
import { own, StudioElement } from '../../ui/element';
import { icon } from '../../ui/icons';
import { surfaces } from '../../ui/surfaces.css';
import { againPath, hasModel, nameOf } from './job-facts';

/** `<persopt-job-actions .job=…>`: what can be done with a job: cancel, resume, download, start again. */
@customElement('persopt-job-actions')
export class JobActionsElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    controls,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-2);
      }
      .check {
        margin-block: var(--p-4);
      }
      .ends {
        display: flex;
        flex-wrap: wrap;
        justify-content: end;
        gap: var(--p-3);
        margin-block-start: var(--p-5);
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;
  @state() private asked: 'cancel' | 'download' | null = null;
  @state() private busy = false;
  @state() private withModel = false;

  override render() {
    const { job } = this;
    const name = nameOf(job);
    const active = isActive(job);
    return html`
      ${
        active
          ? html`<button
              class="button"
              aria-label=${this.text('jobs.cancel.of', { name })}
              ?disabled=${job.cancelRequested}
              @click=${() => (this.asked = 'cancel')}
            >
              ${icon('stop')}${this.text(job.cancelRequested ? 'jobs.cancelling' : 'jobs.cancel')}
            </button>`
          : html`${canResume(job) ? this.resuming(name) : nothing}
              <button
                class="button"
                aria-label=${this.text('jobs.download.of', { name })}
                ?disabled=${this.busy}
                @click=${this.askDownload}
              >
                ${icon('download')}${this.text(this.busy ? 'jobs.downloading' : 'jobs.download')}
              </button>
              <a
                class="button quiet"
                href=${this.session.router.href(againPath(job))}
                aria-label=${this.text('jobs.again.of', { name })}
                >${icon('refresh')}${this.text('jobs.again')}</a
              >`
      }
      ${this.asked === null ? nothing : this.dialog(this.asked, name)}
    `;
  }

  private resuming(name: string) {
    return html`<button
      class="button primary"
      aria-label=${this.text('jobs.resume.of', { name })}
      ?disabled=${this.busy}
      @click=${this.resume}
    >
      ${icon('play')}${this.text('job.resume')}
    </button>`;
  }

  private dialog(asked: 'cancel' | 'download', name: string) {
    const close = () => (this.asked = null);
    return html`<persopt-dialog
      open
      heading=${this.text(asked === 'cancel' ? 'jobs.cancel.title' : 'jobs.download.title')}
      @close=${close}
    >
      <p>${own(name)}</p>
      ${
        asked === 'cancel'
          ? html`<p class="soft">${this.text('jobs.cancel.text')}</p>`
          : html`<p class="soft">${this.text('jobs.download.text')}</p>
              <label class="check">
                <input
                  type="checkbox"
                  .checked=${this.withModel}
                  @change=${(event: Event) => (this.withModel = (event.target as HTMLInputElement).checked)}
                />
                <span>${this.text('jobs.download.model')}</span>
              </label>`
      }
      <div class="ends">
        <button class="button quiet" @click=${close}>${this.text('jobs.keep')}</button>
        ${
          asked === 'cancel'
            ? html`<button class="button danger" @click=${this.cancel}>${this.text('jobs.cancel.confirm')}</button>`
            : html`<button class="button primary" @click=${() => this.download(this.withModel)}>
                ${icon('download')}${this.text('jobs.download')}
              </button>`
        }
      </div>
    </persopt-dialog>`;
  }

  private readonly cancel = async (): Promise<void> => {
    this.asked = null;
    const { jobs, notices } = this.session;
    try {
      await jobs.cancel(this.job.id);
      notices.show(this.text('jobs.cancel.done'));
    } catch (error) {
      notices.showError(error);
    }
  };

  private readonly resume = async (): Promise<void> => {
    this.busy = true;
    const { jobs, notices } = this.session;
    try {
      await jobs.resume(this.job.id);
      notices.show(this.text('jobs.resume.done'));
    } catch (error) {
      notices.showError(error);
    } finally {
      this.busy = false;
    }
  };

  /** Only a job that has made a model leaves something to choose. */
  private readonly askDownload = (): void => {
    if (hasModel(this.job)) this.asked = 'download';
    else void this.download(false);
  };

  private async download(model: boolean): Promise<void> {
    this.asked = null;
    this.busy = true;
    const { client, notices } = this.session;
    const { id, kind } = this.job;
    try {
      await client.download(`/jobs/${id}/archive${model ? '?model=true' : ''}`, `persopt-${kind}-${id}.zip`);
    } catch (error) {
      notices.showError(error);
    } finally {
      this.busy = false;
    }
  }
}
