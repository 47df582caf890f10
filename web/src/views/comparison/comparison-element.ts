import { css, html, type TemplateResult } from 'lit';
import type { Job } from '../../api/types';
import type { Translator } from '../../i18n/translator';
import { isActive } from '../../state/jobs';
import type { Session } from '../../state/session';
import { StudioElement } from '../../ui/element';
import '../../ui/state';
import { surfaces } from '../../ui/surfaces.css';
import type { Speaker } from './wording';

/** What the results share: they also stand in other views, so they load their own texts. */
export class ComparisonElement extends StudioElement implements Speaker {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        display: block;
      }
      h2 + p.soft {
        max-inline-size: 44rem;
        font-size: var(--p-text-s);
      }
      .scroller,
      figure {
        margin-block-start: var(--p-4);
      }
      td .under,
      th .under {
        display: block;
        color: var(--p-soft);
        font-size: var(--p-text-xs);
        font-weight: 400;
        white-space: nowrap;
      }
      tbody th {
        font-weight: 500;
      }
      .good {
        color: var(--p-good);
      }
      .bad {
        color: var(--p-bad);
      }
    `,
  ];

  protected override sessionReady(session: Session): void {
    void session.translator.load('comparison');
  }

  protected get translator(): Translator {
    return this.session.translator;
  }

  /** What stands in place of a result that is not there, or not there yet. */
  protected withoutReport(job: Job | null): TemplateResult {
    if (!this.isReady || job === null || job.state === 'succeeded')
      return html`<persopt-state kind="loading"></persopt-state>`;
    return html`<p class="soft">${this.text(isActive(job) ? 'comparison.report.soon' : 'comparison.report.none')}</p>`;
  }

  /** Whether the texts are there. */
  protected get isReady(): boolean {
    return this.translator.has('comparison.title');
  }
}
