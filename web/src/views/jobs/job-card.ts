import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import { describeFaultText } from '../../i18n/fault-words';
import { ltr, own, StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';
import './job-actions';
import { lastPart, nameOf, subjectOf } from './job-facts';
import './job-figures';

/** `<persopt-job-card .job=…>`: a job in the list, live. */
@customElement('persopt-job-card')
export class JobCardElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        display: block;
        container-type: inline-size;
      }
      article {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: var(--p-1) var(--p-5);
        padding-block: var(--p-5);
        border-block-end: 1px solid var(--p-line);
      }
      .over {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: var(--p-1) var(--p-3);
        font-size: var(--p-text-s);
        color: var(--p-soft);
      }
      h2 {
        font-size: var(--p-text-l);
        overflow-wrap: anywhere;
      }
      h2 a {
        color: var(--p-ink);
        text-decoration: none;
      }
      h2 a:hover {
        color: var(--p-accent);
        text-decoration: underline;
      }
      .subject {
        color: var(--p-soft);
        font-size: var(--p-text-s);
        overflow-wrap: anywhere;
      }
      persopt-job-figures {
        margin-block-start: var(--p-2);
        max-inline-size: 46rem;
      }
      persopt-job-actions {
        grid-column: 2;
        grid-row: 1;
        align-self: start;
        justify-content: end;
      }
      .fault {
        margin-block-start: var(--p-2);
        color: var(--p-bad);
        font-size: var(--p-text-s);
        display: -webkit-box;
        -webkit-line-clamp: 2;
        -webkit-box-orient: vertical;
        overflow: hidden;
        overflow-wrap: anywhere;
      }
      @container (max-width: 44rem) {
        article {
          grid-template-columns: minmax(0, 1fr);
        }
        persopt-job-actions {
          grid-column: 1;
          grid-row: auto;
          justify-content: start;
          margin-block-start: var(--p-2);
        }
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;

  override render() {
    const { job } = this;
    const { models, data } = subjectOf(job);
    // A job without a name is called by its models already.
    const named = job.spec.name?.trim() ? models.map(lastPart) : [];
    const subject = [...named, ...(data ? [lastPart(data)] : [])].map(
      (text, index) => html`${index > 0 ? ' · ' : nothing}${ltr(text)}`,
    );
    return html`
      <article>
        <div>
          <div class="over">
            <span class=${`tag ${job.state}`}>${this.text(`job.state.${job.state}`)}</span>
            <span>${this.text(`kind.${job.kind}`)}</span>
            <time datetime=${job.createdAt} title=${this.formats.dateTime(job.createdAt)}
              >${this.formats.ago(job.createdAt)}</time
            >
          </div>
          <h2><a href=${this.session.router.href(`/jobs/${job.id}`)}>${own(nameOf(job))}</a></h2>
          ${subject.length > 0 ? html`<p class="subject">${subject}</p>` : nothing}
          <persopt-job-figures .job=${job}></persopt-job-figures>
          ${job.fault ? html`<p class="fault"><bdi dir="auto">${describeFaultText(job.fault.message, this.session.translator)}</bdi></p>` : nothing}
        </div>
        <persopt-job-actions .job=${job}></persopt-job-actions>
      </article>
    `;
  }
}
