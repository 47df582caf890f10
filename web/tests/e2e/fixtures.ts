import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test as base, type Page } from '@playwright/test';
import { StudioServer } from './server';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export { expect };

/** `server`: a real one; files share it but for those that name an `own` one. Every page fails its test if anything is blocked or goes wrong in it. */
export const test = base.extend<{ watched: undefined }, { own: string; server: StudioServer }>({
  own: ['', { option: true, scope: 'worker' }],
  server: [
    // eslint-disable-next-line no-empty-pattern -- how Playwright wants it
    async ({}, use) => {
      const server = await StudioServer.start();
      await use(server);
      await server.remove();
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  watched: [
    async ({ page }, use) => {
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(String(error)));
      page.on('console', (message) => {
        const isNetwork = message.text().startsWith('Failed to load resource'); // a server that is ended on purpose
        if (message.type() === 'error' && !isNetwork) wrong.push(message.text());
      });
      await use(undefined);
      expect(wrong).toEqual([]);
    },
    { auto: true },
  ],
});

/** Waits until the studio shows a view and its first figures. */
export async function openStudio(page: Page, path = '/studio/tuning'): Promise<void> {
  await page.goto(path);
  await expect(page.locator('persopt-studio .status.live')).toBeAttached();
  await expect(page.locator('persopt-system-load dt').first()).toBeVisible();
  await page.evaluate(() => document.fonts.ready);
}

/** Returns what axe finds that is serious or critical, each with its places. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  });
}
