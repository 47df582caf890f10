import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { ltr } from '../../ui/element';
import { icon } from '../../ui/icons';
import { ComparisonElement } from './comparison-element';

interface Artifact {
  name: string;
  bytes: number;
}

const KINDS: readonly (readonly [
  RegExp,
  'html.fa' | 'html.en' | 'md.fa' | 'md.en' | 'card' | 'rows' | 'candidates',
])[] = [
  [/^report\.fa\.html$/, 'html.fa'],
  [/^report\.en\.html$/, 'html.en'],
  [/^report\.fa\.md$/, 'md.fa'],
  [/^report\.en\.md$/, 'md.en'],
  [/^model-card\.md$/, 'card'],
  [/^differences\.csv$/, 'rows'],
  [/^candidates\.csv$/, 'candidates'],
];

/** `<persopt-report-files job-id=…>`: the files of a job that people take along, each saved by a button. */
@customElement('persopt-report-files')
export class ReportFilesElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr));
        gap: 0 var(--p-6);
        margin-block-start: var(--p-4);
      }
      button {
        display: flex;
        align-items: baseline;
        gap: var(--p-3);
        inline-size: 100%;
        padding: var(--p-3) 0;
        border: 0;
        border-block-end: 1px solid var(--p-line);
        background: none;
        color: var(--p-ink);
        font: inherit;
        text-align: start;
        cursor: pointer;
      }
      button:hover {
        border-block-end-color: var(--p-ink);
      }
      button svg {
        color: var(--p-accent);
      }
      .name {
        flex: 1;
      }
      small {
        display: block;
        color: var(--p-soft);
        font-size: var(--p-text-xs);
      }
    `,
  ];

  @property({ attribute: 'job-id' }) jobId = '';
  @state() private files: readonly Artifact[] = [];

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('jobId') && this.jobId) void this.load();
  }

  override render() {
    const known = KINDS.flatMap(([form, kind]) => {
      const file = this.files.find(({ name }) => form.test(name));
      return file ? [{ file, kind }] : [];
    });
    if (!this.isReady || known.length === 0) return nothing;
    return html`
      <h2>${this.text('comparison.files')}</h2>
      <ul role="list">
        ${known.map(
          ({ file, kind }) =>
            html`<li>
              <button @click=${() => this.save(file.name)}>
                ${icon('download')}
                <span class="name">${this.text(`comparison.file.${kind}`)}<small>${ltr(file.name)}</small></span>
                <span class="soft small">${this.formats.bytes(file.bytes)}</span>
              </button>
            </li>`,
        )}
      </ul>
    `;
  }

  private async load(): Promise<void> {
    try {
      this.files = (await this.session.client.artifacts(this.jobId)).artifacts;
    } catch {
      this.files = []; // the job's page lists them too, and tells what is wrong
    }
  }

  private async save(name: string): Promise<void> {
    try {
      await this.session.client.download(`/jobs/${encodeURIComponent(this.jobId)}/artifacts/${name}`, name);
    } catch (error) {
      this.session.notices.showError(error);
    }
  }
}
