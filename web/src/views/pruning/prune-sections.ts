import { html, nothing } from 'lit';
import { ltr, type StudioElement } from '../../ui/element';
import type { Measure } from '../results/before-after';
import type { PruneReport } from '../results/reports';

/** What is left of heads, neurons, width and layers, and how the configuration changed. */
export function structuredSection({ structured }: PruneReport, view: StudioElement) {
  if (!structured) return nothing;
  const { formats } = view;
  const kinds = [
    ['result.units.layers', structured.layers],
    ['result.units.heads', structured.heads],
    ['result.units.neurons', structured.feedForward],
  ] as const;
  const rows = kinds.flatMap(([key, units]) =>
    Object.entries(units).map(([name, kept]) => ({ kind: view.text(key), name, kept })),
  );
  const changed = Object.entries(structured.changed);
  return html`<section>
    <h3>${view.text('result.units')}</h3>
    ${
      changed.length > 0
        ? html`<dl class="facts">
            ${changed.map(
              ([name, value]) =>
                html`<dt>${ltr(name)}</dt>
                  <dd>${typeof value === 'number' ? formats.number(value) : ltr(JSON.stringify(value))}</dd>`,
            )}
            ${
              structured.hidden.length > 0
                ? html`<dt>${view.text('result.units.hidden')}</dt>
                    <dd>${formats.number(structured.hidden.length)}</dd>`
                : nothing
            }
          </dl>`
        : nothing
    }
    <details>
      <summary>${view.text('result.units.all', { count: rows.length })}</summary>
      <div class="scroller" tabindex="0" role="region" aria-label=${view.text('result.units')}>
        <table>
          <caption class="visually-hidden">
            ${view.text('result.units')}
          </caption>
          <thead>
            <tr>
              <th scope="col">${view.text('result.units.kind')}</th>
              <th scope="col">${view.text('result.module')}</th>
              <th scope="col" class="number">${view.text('result.units.kept')}</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              ({ kind, name, kept }) =>
                html`<tr>
                  <td>${kind}</td>
                  <td>${ltr(name)}</td>
                  <td class="number">${formats.number(kept.length)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

/** What trimming the vocabulary changed. */
export function vocabularySection({ vocabulary }: PruneReport, view: StudioElement) {
  if (!vocabulary) return nothing;
  const { formats } = view;
  const whole = (value: number) => formats.number(value);
  const measure = (
    label: string,
    before: number,
    after: number,
    told: (value: number) => string,
    why = '',
  ): Measure => ({ label, before: told(before), after: told(after), sizes: [before, after], why });
  const measures: Measure[] = [
    measure(view.text('result.tokens'), vocabulary.tokensBefore, vocabulary.tokensAfter, whole),
    measure(view.text('result.embedding-rows'), vocabulary.rowsBefore, vocabulary.rowsAfter, whole),
    measure(
      view.text('result.tokenizer'),
      vocabulary.tokenizerBytesBefore,
      vocabulary.tokenizerBytesAfter,
      (value) => formats.bytes(value),
      view.text('result.tokenizer.kind', { kind: vocabulary.kind }),
    ),
    {
      label: view.text('result.unknown-words'),
      before: formats.percent(vocabulary.unknownWordsBefore, 2),
      after: formats.percent(vocabulary.unknownWordsAfter, 2),
    },
  ];
  const left = Object.entries(vocabulary.leftOut);
  return html`<section>
    <h3>${view.text('result.vocabulary')}</h3>
    <p class="soft small">
      ${view.text('result.vocabulary.text', {
        count: vocabulary.corpusTexts,
        tokens: whole(vocabulary.corpusTokens),
        changed: whole(vocabulary.changedTexts),
        checked: whole(vocabulary.checkedTexts),
      })}
    </p>
    <persopt-before-after caption=${view.text('result.vocabulary')} .measures=${measures}></persopt-before-after>
    ${
      left.length > 0
        ? html`<p class="small">${view.text('result.left-out')}</p>
            <ul class="notes small">
              ${left.map(([file, reason]) => html`<li>${ltr(file)}: <bdi dir="auto">${reason}</bdi></li>`)}
            </ul>`
        : nothing
    }
  </section>`;
}
