import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import { Resource } from '../../state/resource';
import { Watch } from '../../state/signal';
import { ltr, StudioElement } from '../../ui/element';
import { icon } from '../../ui/icons';
import '../../ui/state';
import { surfaces } from '../../ui/surfaces.css';

interface Artifact {
  name: string;
  bytes: number;
  modified: string;
}

/** `<persopt-job-files .job>`: the files that a job made, with their sizes. */
@customElement('persopt-job-files')
export class JobFilesElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      td:first-child {
        overflow-wrap: anywhere;
      }
      .button {
        min-block-size: 2rem;
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;
  private readonly files = new Resource<Artifact[]>(async () => {
    const { artifacts } = await this.session.client.artifacts(this.job.id);
    return artifacts;
  });
  private readFor = '';

  constructor() {
    super();
    new Watch(this, this.files);
  }

  override willUpdate(): void {
    const source = `${this.job.id} ${this.job.state} ${this.job.progress.done}`;
    if (source === this.readFor) return;
    this.readFor = source;
    void this.files.load();
  }

  override render() {
    const { value, error } = this.files.value;
    if (!value) {
      return error === null
        ? html`<persopt-state kind="loading"></persopt-state>`
        : html`<persopt-state kind="error" .error=${error} @retry=${() => this.files.load()}></persopt-state>`;
    }
    if (value.length === 0) return html`<p class="soft small">${this.text('jobs.files.none')}</p>`;
    return html`<div class="scroller">
      <table>
        <thead>
          <tr>
            <th scope="col">${this.text('jobs.file.name')}</th>
            <th scope="col" class="number">${this.text('jobs.file.size')}</th>
            <th scope="col"><span class="visually-hidden">${this.text('jobs.download')}</span></th>
          </tr>
        </thead>
        <tbody>
          ${value.map((file) => this.row(file))}
        </tbody>
      </table>
    </div>`;
  }

  private row({ name, bytes }: Artifact) {
    const { client } = this.session;
    const path = `/jobs/${this.job.id}/artifacts/${name.split('/').map(encodeURIComponent).join('/')}`;
    const opens = !client.isAuthorized && /\.(html|svg|json|csv|md|txt)$/.test(name);
    return html`<tr>
      <td>${ltr(name)}</td>
      <td class="number">${this.formats.bytes(bytes)}</td>
      <td class="number">
        ${
          opens
            ? html`<a class="button quiet" href=${client.address(path)} target="_blank" rel="noopener"
                >${this.text('jobs.file.open')}<span class="visually-hidden"> ${name}</span></a
              >`
            : nothing
        }
        <button
          class="button quiet icon-only"
          aria-label=${this.text('jobs.download.of', { name })}
          @click=${() => this.save(path, name)}
        >
          ${icon('download')}
        </button>
      </td>
    </tr>`;
  }

  private async save(path: string, name: string): Promise<void> {
    try {
      await this.session.client.download(path, name.split('/').pop() ?? name);
    } catch (error) {
      this.session.notices.showError(error);
    }
  }
}
