import { svg, type SVGTemplateResult } from 'lit';

/** What tells series apart besides their colour. */
export type Shape = 'circle' | 'square' | 'diamond' | 'triangle' | 'hollow' | 'cross' | 'bar' | 'line' | 'dashed';

export const SERIES_SHAPES: readonly Shape[] = ['circle', 'square', 'diamond', 'triangle'];

/** Draws a mark around its middle, in the colour of the series that it stands in. */
export function shape(kind: Shape, x: number, y: number, size = 4): SVGTemplateResult {
  const [l, r, t, b] = [x - size, x + size, y - size, y + size];
  switch (kind) {
    case 'circle':
      return svg`<circle class="mark" cx=${x} cy=${y} r=${size} />`;
    case 'hollow':
      return svg`<circle class="mark hollow" cx=${x} cy=${y} r=${size - 0.5} />`;
    case 'square':
      return svg`<rect class="mark" x=${l} y=${t} width=${2 * size} height=${2 * size} />`;
    case 'diamond':
      return svg`<path class="mark" d=${`M${x} ${t - 1}L${r + 1} ${y}L${x} ${b + 1}L${l - 1} ${y}Z`} />`;
    case 'triangle':
      return svg`<path class="mark" d=${`M${x} ${t}L${r + 0.5} ${b}H${l - 0.5}Z`} />`;
    case 'cross':
      return svg`<path class="line stroke" d=${`M${l + 1} ${t + 1}L${r - 1} ${b - 1}M${r - 1} ${t + 1}L${l + 1} ${b - 1}`} />`;
    case 'bar':
      return svg`<rect class="fill" x=${l} y=${t} width=${2 * size} height=${2 * size} />`;
    case 'line':
      return svg`<path class="line stroke" d=${`M${x - 7} ${y}H${x + 7}`} />`;
    case 'dashed':
      return svg`<path class="line stroke" stroke-dasharray="3 2" d=${`M${x - 7} ${y}H${x + 7}`} />`;
  }
}
