import { css, html, nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { writeNumber } from '../../forms/numbers';
import { StudioElement } from '../../ui/element';
import type { Knob } from './knobs';
import { middleOf, previewShares, type Domain } from './space';

const [WIDTH, HEIGHT] = [240, 14];

/**
 * `<persopt-domain-preview .knob=${…} .domain=${…}>`: a range as a line, with about twenty values that a search would
 * draw, so that linear and logarithmic scales are seen for what they are. Low is where the language begins to read.
 */
@customElement('persopt-domain-preview')
export class DomainPreviewElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      :host {
        display: block;
      }
      svg {
        display: block;
        inline-size: 100%;
        block-size: 14px;
        overflow: visible;
      }
      svg:dir(rtl) {
        transform: scaleX(-1);
      }
      line {
        vector-effect: non-scaling-stroke;
      }
      .axis {
        stroke: var(--p-line);
      }
      .point {
        stroke: var(--p-accent);
        stroke-width: 1.5;
      }
      .ends {
        display: flex;
        justify-content: space-between;
        gap: var(--p-3);
        color: var(--p-soft);
        font-size: var(--p-text-xs);
      }
    `,
  ];

  @property({ attribute: false }) knob: Knob | undefined;
  @property({ attribute: false }) domain: Domain | null = null;

  override render() {
    const { knob, domain } = this;
    const shares = domain ? previewShares(knob, domain) : [];
    if (domain?.mode !== 'range' || shares.length === 0) return nothing;
    const tell = (value: number) => writeNumber(value, this.formats);
    const middle = tell(middleOf(domain, knob?.kind === 'int'));
    const place = (share: number) => (share * WIDTH).toFixed(1);
    return html`
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
        <line class="axis" x1="0" x2=${WIDTH} y1=${HEIGHT / 2} y2=${HEIGHT / 2} />
        ${shares.map((share) => svg`<line class="point" x1=${place(share)} x2=${place(share)} y1="1" y2=${HEIGHT - 1} />`)}
      </svg>
      <p class="ends figure">
        <span>${tell(domain.min ?? 0)}</span>
        <span>${this.text('tuning.space.middle', { value: middle })}</span>
        <span>${tell(domain.max ?? 0)}</span>
      </p>
    `;
  }
}
