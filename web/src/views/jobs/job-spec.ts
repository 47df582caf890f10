import { css, html } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import '../../ui/copy';
import { StudioElement } from '../../ui/element';
import '../../ui/state';
import { surfaces } from '../../ui/surfaces.css';
import '../../ui/tabs';
import { readExact, writeExact } from './exact-json';
import { asCommand, asCurl, asPython, withoutDefaults, type Plain, type Schemas } from './spec-code';

const WAYS = ['python', 'command', 'curl', 'json'] as const;
type Way = (typeof WAYS)[number];

/** `<persopt-job-spec .job>`: what was asked for, to be asked for again elsewhere. */
@customElement('persopt-job-spec')
export class JobSpecElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      .code {
        position: relative;
      }
      pre {
        margin: 0;
        padding: var(--p-4);
        max-block-size: 32rem;
        overflow: auto;
        border: 1px solid var(--p-line);
        border-radius: var(--p-radius);
        background: var(--p-surface);
        font-size: 0.8rem;
        line-height: 1.6;
        text-align: left;
      }
      .row {
        justify-content: space-between;
        margin-block-end: var(--p-2);
      }
      details {
        margin-block-start: var(--p-6);
        font-size: var(--p-text-s);
      }
      summary {
        inline-size: fit-content;
        cursor: pointer;
      }
      details pre {
        margin-block-start: var(--p-3);
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;
  @state() private way: Way = 'python';
  @state() private spec: Plain | null = null;
  @state() private fault: unknown = null;
  private readFor = '';

  override willUpdate(): void {
    // What was detected comes into the spec when a job begins to run.
    const source = `${this.job.id} ${this.job.startedAt ?? ''}`;
    if (source === this.readFor) return;
    this.readFor = source;
    void this.read();
  }

  override render() {
    if (this.fault !== null) {
      return html`<persopt-state kind="error" .error=${this.fault} @retry=${this.read}></persopt-state>`;
    }
    if (!this.spec) return html`<persopt-state kind="loading"></persopt-state>`;
    const code = this.code(this.spec);
    return html`
      <persopt-tabs
        label=${this.text('jobs.spec')}
        .tabs=${WAYS.map((name) => ({ name, label: this.text(`jobs.spec.${name}`) }))}
        .chosen=${this.way}
        @change=${(event: Event) => (this.way = (event.target as unknown as { chosen: Way }).chosen)}
      >
        <div slot=${this.way}>
          <div class="row">
            <span class="soft small">${this.text(`jobs.spec.${this.way}.note`)}</span>
            <persopt-copy .content=${code}></persopt-copy>
          </div>
          <pre tabindex="0" aria-label=${this.text(`jobs.spec.${this.way}`)} role="region">${code}</pre>
        </div>
      </persopt-tabs>
      <details>
        <summary>${this.text('jobs.environment')}</summary>
        <pre tabindex="0" role="region" aria-label=${this.text('jobs.environment')}>
${JSON.stringify(this.job.environment, null, 2)}</pre>
      </details>
    `;
  }

  private code(spec: Plain): string {
    const { kind } = this.job;
    const { client } = this.session;
    switch (this.way) {
      case 'python':
        return asPython(kind, spec);
      case 'command':
        return asCommand(kind, spec);
      case 'curl':
        return asCurl(kind, spec, new URL(client.address(''), location.href).href, client.isAuthorized);
      case 'json':
        return `${writeExact(spec)}\n`;
    }
  }

  private readonly read = async (): Promise<void> => {
    const { client } = this.session;
    this.fault = null;
    try {
      const answer = await client.fetch(`/jobs/${this.job.id}`);
      const { spec } = readExact(await answer.text()) as { spec: Plain };
      this.spec = withoutDefaults(this.job.kind, spec, await schemasOf(client));
    } catch (error) {
      this.fault = error;
    }
  };
}

const described = new WeakMap<object, Promise<Schemas>>();

/** The API's description is read once; without it the whole spec is shown. */
function schemasOf(client: { get: <T>(path: string) => Promise<T> }): Promise<Schemas> {
  let schemas = described.get(client);
  if (!schemas) {
    schemas = client
      .get<{ components: { schemas: Schemas } }>('/openapi.json')
      .then(({ components }) => components.schemas)
      .catch((): Schemas => ({}));
    described.set(client, schemas);
  }
  return schemas;
}
