import { css, html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { metricName } from '../../i18n/metrics';
import { icon } from '../../ui/icons';
import { taskOf } from './draft';
import { defaultObjective, metricsOf, objectiveOf, type Objective } from './metrics';
import { DraftSection } from './section';

/** `<persopt-goal-section>`: what is reached for, and what ends the search. */
@customElement('persopt-goal-section')
export class GoalSectionElement extends DraftSection {
  static override styles = [
    ...DraftSection.styles,
    css`
      .objectives {
        display: grid;
        gap: var(--p-4);
        list-style: none;
      }
      .objectives li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) var(--p-control);
        align-items: end;
        gap: var(--p-3);
        max-inline-size: 34rem;
      }
      .add {
        justify-self: start;
        padding-inline: 0;
      }
      .add:hover {
        background: none;
        text-decoration: underline;
        text-underline-offset: 0.25em;
      }
    `,
  ];

  override render() {
    const objectives = this.shown;
    const left = metricsOf(taskOf(this.draft)).filter((name) => objectives.every(({ metric }) => metric !== name));
    return html`
      <ol class="objectives" role="list">
        ${objectives.map((objective, index) => this.row(objective, index, objectives.length))}
      </ol>
      ${
        left.length > 0
          ? html`<button
              class="button quiet add"
              type="button"
              @click=${() => this.set([...objectives, objectiveOf(left.includes('latency') ? 'latency' : (left[0] ?? 'loss'))])}
            >
              ${icon('plus')}${this.text('tuning.objective.add')}
            </button>`
          : ''
      }
      <div class="pair">
        ${this.number('$.targetValue', this.text('tuning.target'), {
          placeholder: this.text('tuning.never'),
          hint: this.text('tuning.target.hint'),
        })}
        ${this.number('$.timeLimit', this.text('tuning.time'), {
          placeholder: this.text('tuning.never'),
          hint: this.text('tuning.time.hint'),
        })}
      </div>
    `;
  }

  private row({ metric, direction }: Objective, index: number, count: number) {
    const path = `$.objectives[${index}]`;
    const names = metricsOf(taskOf(this.draft));
    const all = names.includes(metric) ? names : [metric, ...names];
    const change = (next: Partial<Objective>) =>
      this.set(this.shown.map((item, place) => (place === index ? { ...item, ...next } : item)));
    const label = this.text(index === 0 ? 'tuning.objective' : 'tuning.objective.next');
    return html`<li>
      ${this.select(
        path,
        label,
        metric,
        all.map((name) => [name, metricName(name, this.session.translator)] as const),
        (name) => change(objectiveOf(name)),
      )}
      ${this.select(
        `${path}.direction`,
        this.text('tuning.direction'),
        direction,
        (['maximize', 'minimize'] as const).map((name) => [name, this.text(`tuning.direction.${name}`)] as const),
        (name) => change({ direction: name || 'maximize' }),
      )}
      ${
        count > 1
          ? html`<button
              class="button quiet icon-only"
              type="button"
              aria-label=${this.text('form.remove', { name: metricName(metric, this.session.translator) })}
              @click=${() => this.set(this.shown.filter((_, place) => place !== index))}
            >
              ${icon('close')}
            </button>`
          : ''
      }
    </li>`;
  }

  private get shown(): readonly Objective[] {
    return this.draft.objectives.length > 0 ? this.draft.objectives : [defaultObjective(taskOf(this.draft))];
  }

  private set(objectives: readonly Objective[]): void {
    this.patch({ objectives }, '$.objectives');
  }
}
