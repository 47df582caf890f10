/** The page of its own: the studio, with the document's language, direction, title and colours following it. */
import './shell/studio';
import type { StudioRootElement } from './shell/studio';

const studio = document.querySelector<StudioRootElement>('persopt-studio');

function follow(): void {
  if (!studio) return;
  const root = document.documentElement;
  root.lang = studio.lang;
  root.dir = studio.lang === 'fa' ? 'rtl' : 'ltr';
  if (studio.theme) root.dataset.theme = studio.theme;
  else delete root.dataset.theme;
  document.title = studio.documentTitle || document.title;
}

if (studio) {
  new MutationObserver(follow).observe(studio, { attributeFilter: ['lang', 'theme'] });
  for (const event of ['persopt-ready', 'persopt-navigate']) studio.addEventListener(event, follow);
  follow();
}
