import { css, html, nothing, svg } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { ltr, StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';

/** One line: a name of the model's, a length between 0 and 1, and what is told of it. */
export interface BarRow {
  name: string;
  share: number;
  value: string;
  cells?: readonly string[];
}

const SHOWN = 12;

/** `<persopt-bar-table>`: a table that is a chart: a bar in each row. More than twelve rows are opened by a button. */
@customElement('persopt-bar-table')
export class BarTableElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        container-type: inline-size;
        display: grid;
        justify-items: start;
        gap: var(--p-3);
      }
      .scroller {
        inline-size: 100%;
      }
      td.name {
        inline-size: 38%;
        overflow-wrap: anywhere;
      }
      td.name bdi {
        font-family: var(--p-mono);
        font-size: 0.92em;
      }
      td.bar-cell {
        inline-size: 40%;
        min-inline-size: 5rem;
        vertical-align: middle;
      }
      svg {
        display: block;
        inline-size: 100%;
        block-size: 8px;
      }
      svg:dir(rtl) {
        transform: scaleX(-1);
      }
      .named {
        display: none;
      }
      @container (max-width: 36rem) {
        thead {
          position: absolute;
          clip-path: inset(50%);
        }
        tr {
          display: flex;
          flex-wrap: wrap;
          align-items: center;
          gap: var(--p-1) var(--p-4);
          padding-block: var(--p-3);
          border-block-end: 1px solid var(--p-line);
        }
        td {
          padding: 0;
          border: 0;
        }
        td.name {
          flex: 1 0 100%;
        }
        td.bar-cell {
          flex: 1 1 0;
        }
        td.value {
          flex: 0 0 5.5rem;
          text-align: end;
        }
        .named {
          display: inline;
          color: var(--p-soft);
        }
      }
      .track {
        fill: var(--p-sunken);
      }
      .fill {
        fill: var(--p-accent);
      }
    `,
  ];

  @property({ attribute: false }) rows: readonly BarRow[] = [];
  /** Headings of name, bar and value, and of the further cells. */
  @property({ attribute: false }) headings: readonly string[] = [];
  @property() caption = '';
  @state() private whole = false;

  override render() {
    const [name = '', bar = '', ...more] = this.headings;
    const rows = this.whole ? this.rows : this.rows.slice(0, SHOWN);
    const rest = this.rows.length - rows.length;
    return html`
      <div class="scroller" tabindex="0" role="region" aria-label=${this.caption}>
        <table role="table">
          <caption class="visually-hidden">
            ${this.caption}
          </caption>
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">${name}</th>
              <th role="columnheader" scope="col" colspan="2">${bar}</th>
              ${more.map((heading) => html`<th role="columnheader" scope="col" class="number">${heading}</th>`)}
            </tr>
          </thead>
          <tbody role="rowgroup">
            ${rows.map((row) => this.row(row))}
          </tbody>
        </table>
      </div>
      ${
        rest > 0
          ? html`<button class="button quiet" @click=${() => (this.whole = true)}>
              ${this.text('result.more', { count: rest })}
            </button>`
          : nothing
      }
    `;
  }

  private row({ name, share, value, cells = [] }: BarRow) {
    const width = (Math.min(Math.max(share, 0), 1) * 100).toFixed(2);
    return html`<tr role="row">
      <td role="cell" class="name">${breakable(name)}</td>
      <td role="cell" class="bar-cell">
        <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          ${svg`<rect class="track" width="100" height="8"/><rect class="fill" width=${width} height="8"/>`}
        </svg>
      </td>
      <td role="cell" class="number value">${ltr(value)}</td>
      ${cells.map(
        (cell, index) =>
          html`<td role="cell" class="number">
            <span class="named" aria-hidden="true">${this.headings[index + 2]}:</span> ${cell}
          </td>`,
      )}
    </tr>`;
  }
}

/** A name that may go on in the next line after each of its dots. */
function breakable(name: string) {
  return html`<bdi dir="ltr"
    >${name.split('.').map((part, place) => html`${place ? html`.<wbr />` : nothing}${part}`)}</bdi
  >`;
}
