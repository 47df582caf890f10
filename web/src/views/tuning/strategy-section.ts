import { html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Contribution } from '../../api/types';
import '../../forms/schema-form';
import { readSchema, type Schema } from '../../forms/schema';
import type { SchemaFormElement } from '../../forms/schema-form';
import { catalogOf } from '../../state/catalog';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { LEAST } from './checks';
import type { StoppingMethod } from './draft';
import { DraftSection } from './section';

const METHODS: readonly StoppingMethod[] = ['none', 'median', 'asha', 'hyperband'];
const RULE_FIELDS = {
  median: ['startupTrials', 'warmupSteps'],
  asha: ['reductionFactor', 'minResource'],
  hyperband: ['reductionFactor', 'minResource'],
  none: [],
} as const;
const USUAL = { startupTrials: 5, warmupSteps: 0, reductionFactor: 3, minResource: 1 } as const;

/** `<persopt-strategy-section>`: the strategy with its options, how many trials, and when bad ones are stopped. */
@customElement('persopt-strategy-section')
export class StrategySectionElement extends DraftSection {
  protected override sessionReady(session: Session): void {
    const { contributions } = catalogOf(session);
    new Watch(this, contributions);
    void contributions.load();
  }

  override render() {
    const { draft } = this;
    const strategies = this.strategies;
    const known: (readonly [string, string])[] = strategies.map((item) => [item.name, this.titleOf(item)]);
    const isKnown = known.some(([name]) => name === draft.strategy);
    return html`
      <div class="pair">
        ${this.select(
          '$.strategy',
          this.text('tuning.strategy'),
          draft.strategy,
          isKnown ? known : [[draft.strategy, draft.strategy], ...known],
          (strategy) => this.patch({ strategy, strategyOptions: {} }, '$.strategy'),
          this.about(),
        )}
        ${this.number('$.maxTrials', this.text('tuning.trials'), {
          placeholder: this.text(draft.strategy === 'grid' ? 'tuning.trials.all' : 'form.unset'),
          hint: this.text(draft.strategy === 'grid' ? 'tuning.trials.grid' : 'tuning.trials.hint'),
        })}
        ${this.number('$.parallel', this.text('tuning.parallel'), { hint: this.text('tuning.parallel.hint') })}
      </div>
      ${this.options()} ${this.stopping()}
    `;
  }

  private options() {
    const chosen = this.strategies.find(({ name }) => name === this.draft.strategy);
    const schema = (chosen?.options ?? {}) as Schema;
    const count = readSchema(schema).length;
    if (!chosen || count === 0) return nothing;
    const isOpen = Object.keys(this.draft.strategyOptions).length > 0;
    return html`<details ?open=${isOpen}>
      <summary>${this.text('tuning.strategy.options', { count })}</summary>
      <persopt-schema-form
        path="$.strategyOptions"
        scope=${chosen.name}
        .schema=${schema}
        .value=${this.draft.strategyOptions}
        .faults=${this.faults}
        @change=${(event: Event) =>
          this.patch({ strategyOptions: (event.target as SchemaFormElement).value }, '$.strategyOptions')}
      ></persopt-schema-form>
    </details>`;
  }

  private stopping() {
    const { stopping } = this.draft;
    const fields = RULE_FIELDS[stopping.method];
    return html`<div class="pair">
      ${this.select(
        '$.earlyStopping.method',
        this.text('tuning.stopping'),
        stopping.method,
        METHODS.map((method) => [method, this.text(`tuning.stopping.${method}`)] as const),
        (method) => this.patch({ stopping: { method: method || 'none' } }, '$.earlyStopping'),
        this.text(`tuning.stopping.${stopping.method}.hint`),
      )}
      ${fields.map((name) => {
        const path = `$.earlyStopping.${name}`;
        return html`<persopt-number-field
          data-path=${path}
          label=${this.text(`tuning.stopping.${name}`)}
          error=${this.errorAt(path)}
          .rule=${{ min: LEAST[name], integer: true }}
          .value=${stopping[name] ?? USUAL[name]}
          @change=${(event: Event) =>
            this.patch(
              { stopping: { ...stopping, [name]: (event.target as HTMLInputElement & { value: unknown }).value } },
              path,
            )}
        ></persopt-number-field>`;
      })}
      ${this.number('$.training.patience', this.text('tuning.patience'), {
        placeholder: this.text('tuning.never'),
        hint: this.text('tuning.patience.hint'),
      })}
    </div>`;
  }

  private get strategies(): readonly Contribution[] {
    const all = catalogOf(this.session).contributions.value.value ?? [];
    return all.filter(({ kind }) => kind === 'sampling-strategy');
  }

  private titleOf({ title, name }: Contribution): string {
    return title[this.formats.language] ?? title['en'] ?? name;
  }

  private about(): string {
    const { translator } = this.session;
    const key = `tuning.strategy.${this.draft.strategy}`;
    return translator.has(key) ? translator.text(key) : '';
  }
}
