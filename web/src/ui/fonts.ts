import arabic from '@fontsource-variable/vazirmatn/files/vazirmatn-arabic-wght-normal.woff2?url';
import latin from '@fontsource-variable/vazirmatn/files/vazirmatn-latin-wght-normal.woff2?url';

const FAMILY = 'Vazirmatn Variable';
const SUBSETS: readonly (readonly [string, string])[] = [
  [arabic, 'U+0600-06FF, U+0750-077F, U+08A0-08FF, U+200C-200E, U+2010-2011, U+204F, U+2E41, U+FB50-FDFF, U+FE70-FEFC'],
  [
    latin,
    'U+0000-00FF, U+0131, U+0152-0153, U+02C6, U+02DA, U+02DC, U+2000-200B, U+200F, U+2012-204E, U+20AC, U+2122, U+2190-2193, U+2212, U+2215, U+FEFF, U+FFFD',
  ],
];

/** Makes the studio's font known to the page; a font can only be declared outside of shadow trees. */
export function addFonts(): void {
  if ([...document.fonts].some((face) => face.family.includes(FAMILY))) return;
  for (const [file, unicodeRange] of SUBSETS) {
    const source = `url(${JSON.stringify(new URL(file, import.meta.url).href)}) format("woff2")`;
    document.fonts.add(new FontFace(FAMILY, source, { weight: '100 900', display: 'swap', unicodeRange }));
  }
}
