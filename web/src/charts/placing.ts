export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Anchor {
  x: number;
  y: number;
  text: string;
  /** From the middle of the point; wider around a ring. */
  gap?: number | undefined;
}

export interface PlacedLabel {
  text: string;
  x: number;
  y: number;
  /** The side of the text that stands at `x`. */
  side: 'left' | 'middle' | 'right';
}

const HEIGHT = 15;
const GAP = 9;

/** About how wide a text is, in pixels, at the size that charts write. */
export function textWidth(text: string, size = 12): number {
  let width = 0;
  for (const letter of text)
    width += /[\u061c\u2066-\u2069\u200c-\u200f]/.test(letter) ? 0 : /[iljt.,:'|ا۱]/.test(letter) ? 0.34 : 0.58;
  return Math.ceil(width * size);
}

/** Shortens a text to a width, with an ellipsis. */
export function shorten(text: string, width: number, size = 12): string {
  if (textWidth(text, size) <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && textWidth(`${letters.join('')}…`, size) > width) letters.pop();
  return `${letters.join('')}…`;
}

/**
 * Puts a label beside each point, so that no label lies on another, on a point, or outside; where there is no room a
 * point gets none. Those that come first choose first.
 */
export function placeLabels(
  anchors: readonly Anchor[],
  points: readonly { x: number; y: number }[],
  area: Box,
): PlacedLabel[] {
  const taken: Box[] = points.map(({ x, y }) => ({ x: x - 5, y: y - 5, width: 10, height: 10 }));
  const placed: PlacedLabel[] = [];
  for (const { x, y, text, gap = GAP } of anchors) {
    const width = textWidth(text);
    const choices: [Box, PlacedLabel][] = [
      [
        { x: x + gap, y: y - HEIGHT / 2, width, height: HEIGHT },
        { text, x: x + gap, y, side: 'left' },
      ],
      [
        { x: x - gap - width, y: y - HEIGHT / 2, width, height: HEIGHT },
        { text, x: x - gap, y, side: 'right' },
      ],
      [
        { x: x - width / 2, y: y - gap - HEIGHT, width, height: HEIGHT },
        { text, x, y: y - gap - HEIGHT / 2, side: 'middle' },
      ],
      [
        { x: x - width / 2, y: y + gap, width, height: HEIGHT },
        { text, x, y: y + gap + HEIGHT / 2, side: 'middle' },
      ],
    ];
    const free = choices.find(([box]) => isInside(box, area) && !taken.some((other) => overlap(box, other)));
    if (!free) continue;
    taken.push(free[0]);
    placed.push(free[1]);
  }
  return placed;
}

/** Moves things that stand one below the other apart, by as little as is needed, inside two bounds. */
export function spread<T extends { y: number }>(things: readonly T[], gap: number, top: number, bottom: number): T[] {
  const sorted = things.map((thing) => ({ ...thing, y: Math.max(thing.y, top) })).sort((a, b) => a.y - b.y);
  for (const [index, thing] of sorted.entries()) {
    const above = sorted[index - 1];
    if (above && thing.y < above.y + gap) thing.y = above.y + gap;
  }
  let floor = bottom;
  for (const thing of [...sorted].reverse()) {
    thing.y = Math.min(thing.y, floor);
    floor = thing.y - gap;
  }
  return sorted;
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function isInside(box: Box, area: Box): boolean {
  return (
    box.x >= area.x &&
    box.y >= area.y &&
    box.x + box.width <= area.x + area.width &&
    box.y + box.height <= area.y + area.height
  );
}
