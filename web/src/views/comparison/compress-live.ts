import { html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { CompressSpec, Job, Trial } from '../../api/types';
import { Resource } from '../../state/resource';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import './candidates';
import { ComparisonElement } from './comparison-element';
import './front';
import { askedLimits, bestNumber, readTrial } from './recipes';

const PAGE = 200;
const GATHER_MS = 300;

/** `<persopt-compress-live .job=…>`: the candidates of a search as they come in; also those of one that did not succeed. */
@customElement('persopt-compress-live')
export class CompressLiveElement extends ComparisonElement {
  @property({ attribute: false }) job!: Job;
  private trials!: Resource<readonly Trial[]>;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ends: (() => void)[] = [];

  protected override sessionReady(session: Session): void {
    super.sessionReady(session);
    this.trials = new Resource(() => this.read(session));
    new Watch(this, this.trials);
    this.listen(session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.trials && this.ends.length === 0) this.listen(this.session);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of this.ends) end();
    this.ends = [];
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  override render() {
    if (!this.isReady) return nothing;
    const spec = this.job.spec as CompressSpec;
    const looked = (this.trials.value.value ?? []).map(readTrial);
    const minimize = spec.minimize ?? 'latency';
    const limits = askedLimits(spec);
    const known = looked.filter((one) => one[minimize] !== null && one.drop !== null);
    const best = bestNumber(looked, minimize, this.job.progress.best);
    if (looked.length === 0) {
      return html`<h2>${this.text('comparison.looked')}</h2>
        <p class="soft">
          ${this.text(this.job.state === 'running' ? 'comparison.looked.soon' : 'comparison.looked.none')}
        </p>`;
    }
    return html`
      <h2>${this.text('comparison.looked')}</h2>
      <p class="soft">${this.text('comparison.looked.live')}</p>
      ${
        known.length > 0
          ? html`<figure>
              <persopt-compress-front
                .looked=${known}
                .limits=${limits}
                minimize=${minimize}
                chosen=${best}
              ></persopt-compress-front>
            </figure>`
          : nothing
      }
      <persopt-candidates .looked=${looked} .limits=${limits} best=${best}></persopt-candidates>
    `;
  }

  private listen({ feed }: Session): void {
    const changed = () => {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        void this.trials.load();
      }, GATHER_MS);
    };
    const heard = feed.subscribe((event) => {
      if (event.jobId === this.job.id && event.type.startsWith('persopt.trial.')) changed();
    });
    this.ends = [heard, feed.onRefresh(changed)];
    changed();
  }

  private async read({ client }: Session): Promise<Trial[]> {
    const found: Trial[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.trials(this.job.id, { limit: PAGE, ...(cursor ? { cursor } : {}) });
      found.push(...page.trials);
      cursor = page.next ?? undefined;
    } while (cursor);
    return found;
  }
}
