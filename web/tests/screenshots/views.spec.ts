import { VIEWS } from '../../src/router';
import { openStudio, test } from '../e2e/fixtures';

/* Every view, both languages, both themes, wide and narrow: `npm run screenshots`, into screenshots/. */
const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 390, height: 844 } };

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const language of ['fa', 'en'] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`${size} ${language} ${colorScheme}`, async ({ page }) => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await page.addInitScript((chosen) => localStorage.setItem('persopt.language', chosen), language);
        for (const view of VIEWS) {
          await openStudio(page, `/studio/${view}`);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await page.screenshot({ path: `screenshots/${view}-${language}-${colorScheme}-${size}.png`, fullPage: true });
        }
      });
    }
  }
}
