import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit';

/* One hand: 20 by 20, a line of 1.5, square to the grid. */
const SHAPES = {
  tuning: svg`<path d="M3 6h8M15 6h2M3 14h2M9 14h8"/><circle cx="13" cy="6" r="2"/><circle cx="7" cy="14" r="2"/>`,
  pruning: svg`<path d="M6.5 12.5 15 3M13.5 12.5 5 3"/><circle cx="5" cy="14.5" r="2.5"/><circle cx="15" cy="14.5" r="2.5"/>`,
  quantization: svg`<path d="M3 17V13.5h4.5V9.5H12V5.5h5V3"/><path d="M3 17h14" opacity=".45"/>`,
  comparison: svg`<path d="M10 3v14M4 17V9h3v8M13 17V6h3v11"/>`,
  jobs: svg`<path d="M7.5 5H17M7.5 10H17M7.5 15H17"/><path d="M3 5h1M3 10h1M3 15h1"/>`,
  sun: svg`<circle cx="10" cy="10" r="3.25"/><path d="M10 2.5v1.5M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M15.3 4.7l-1 1M5.7 14.3l-1 1"/>`,
  moon: svg`<path d="M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3Z"/>`,
  close: svg`<path d="m5 5 10 10M15 5 5 15"/>`,
  check: svg`<path d="m4 10.5 4 4 8-9"/>`,
  chevron: svg`<path d="m8 5 5 5-5 5"/>`,
  down: svg`<path d="m5 8 5 5 5-5"/>`,
  copy: svg`<rect x="7" y="7" width="10" height="10" rx="1"/><path d="M4 13H3V3h10v1"/>`,
  download: svg`<path d="M10 3v10m-4-4 4 4 4-4M3 17h14"/>`,
  play: svg`<path d="M6 4v12l10-6Z"/>`,
  stop: svg`<rect x="5" y="5" width="10" height="10" rx="1"/>`,
  refresh: svg`<path d="M16 7A6.5 6.5 0 1 0 16.5 11M16.5 3v4h-4"/>`,
  search: svg`<circle cx="9" cy="9" r="5.5"/><path d="m13 13 4 4"/>`,
  plus: svg`<path d="M10 4v12M4 10h12"/>`,
  alert: svg`<path d="M10 3 2.5 16.5h15Z"/><path d="M10 8v4M10 14.2v.1"/>`,
  away: svg`<path d="M3 8a10 10 0 0 1 14 0M5.8 11a6 6 0 0 1 8.4 0M8.6 14a2 2 0 0 1 2.8 0" opacity=".55"/><path d="m3 3 14 14"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof SHAPES;
const FLIPS: ReadonlySet<IconName> = new Set(['chevron', 'play', 'jobs', 'quantization']);

/** A drawing beside a text; it says nothing of its own to a screen reader. */
export function icon(name: IconName): TemplateResult {
  const kind = FLIPS.has(name) ? 'icon flips' : 'icon';
  return html`<svg class=${kind} viewBox="0 0 20 20" aria-hidden="true">${SHAPES[name]}</svg>`;
}

/** The mark: a khatam, the star of two squares, as one outline around a rhomb. */
export function mark(): TemplateResult {
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <path
      d="M16 2l4.1 4.1h5.8v5.8L30 16l-4.1 4.1v5.8h-5.8L16 30l-4.1-4.1H6.1v-5.8L2 16l4.1-4.1V6.1h5.8Z"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linejoin="miter"
    />
    <path d="M16 10.5 21.5 16 16 21.5 10.5 16Z" fill="currentColor" />
  </svg>`;
}
