import { noChange } from 'lit';
import { directive, Directive, type ElementPart } from 'lit/directive.js';

type Styles = Readonly<Record<string, string>>;

class SetStyle extends Directive {
  override render(_styles: Styles): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [styles]: [Styles]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(styles)) style.setProperty(name, value);
    return noChange;
  }
}

/**
 * `<div ${setStyle({ transform })}>`: sets style properties by script. Lit's own `styleMap` writes a style attribute
 * the first time, which the server's Content-Security-Policy blocks.
 */
export const setStyle = directive(SetStyle);
