import type { Page } from '@playwright/test';
import { expect, openStudio, test as base } from '../e2e/fixtures';
import { DOCUMENTED, PLACES, runJobs, type Jobs } from './places';

/* Every view with real results, both languages, both themes, on a desktop, a tablet and a phone: `npm run screenshots`, into screenshots/. */
const MORE = 1150;
const SIZES = {
  wide: { width: 1280, height: 860 },
  middle: { width: 768, height: 1024 },
  narrow: { width: 390, height: 844 },
};

/* The events keep the network busy, so it is the page's height that tells when nothing more comes. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const known = window as unknown as { heights?: number[] };
    known.heights = [document.documentElement.scrollHeight, ...(known.heights ?? [])].slice(0, 5);
    return known.heights.length === 5 && new Set(known.heights).size === 1;
  }, null, { polling: 100 });
}

/* What sticks to the foot of the window would lie in the middle of a picture of the whole page. */
async function unfix(page: Page): Promise<void> {
  await page.locator('persopt-studio').evaluate(({ shadowRoot }) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.foot { position: static !important }');
    shadowRoot?.adoptedStyleSheets.push(sheet); // the page's policy allows no style that is written into it
  });
}

/* What a person sees first, and a bit more of it on a wide screen. */
async function photographForDocs(page: Page, picture: string): Promise<void> {
  const { width, height } = page.viewportSize() ?? SIZES.wide;
  const clip = { x: 0, y: 0, width, height: width > height ? MORE : height };
  await page.screenshot({ path: `../docs/images/studio/${picture}.png`, clip, fullPage: width > height });
}

const test = base.extend<object, { jobs: Jobs }>({
  jobs: [async ({ server }, use) => use(await runJobs(server)), { scope: 'worker', timeout: 1_800_000 }],
});

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const language of ['fa', 'en'] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`${size} ${language} ${colorScheme}`, async ({ page, jobs }) => {
        test.setTimeout(600_000);
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.addInitScript((chosen) => localStorage.setItem('persopt.language', chosen), language);
        for (const [name, address] of PLACES) {
          await openStudio(page, address(jobs));
          await page.getByRole('heading', { level: 1 }).waitFor();
          await expect(page.locator('persopt-state[kind="loading"]')).toHaveCount(0);
          await settled(page);
          const picture = `${name}-${language}-${colorScheme}-${size}`;
          if (DOCUMENTED.has(picture)) await photographForDocs(page, picture);
          await unfix(page);
          await page.screenshot({ path: `screenshots/${picture}.png`, fullPage: true });
        }
      });
    }
  }
}
