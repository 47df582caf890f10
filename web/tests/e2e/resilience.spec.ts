import type { Page } from '@playwright/test';
import { expect, openStudio, test } from './fixtures';
import { StudioServer } from './server';

const API = '/api/optimization';
const TOKEN = 'token-of-a-person-0123456789';
/* A real job of a tiny model; its libraries take most of the time. */
const PATIENCE = { timeout: 240_000 };

/** Starts a job as another program would. */
async function startPruning(url: string, name: string): Promise<string> {
  const answer = await fetch(`${url}${API}/prune`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      name,
      modelPath: 'models/tiny-bert-fa',
      outputPath: `models/${name}`,
      config: { sparsity: 0.5 },
    }),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { id: string }).id;
}

const state = (page: Page) => page.locator('persopt-job-page .over .tag');

test('a restart of the server in mid-job is told, and nothing is missed', async ({ page, server }) => {
  test.setTimeout(300_000);
  const id = await startPruning(server.url, 'restarted');
  await openStudio(page, `/studio/jobs/${id}`);
  await expect(state(page)).toHaveText('در حال اجرا', PATIENCE);
  await server.end();
  await expect(page.getByText(/ارتباط با کارساز قطع شد/)).toBeVisible();
  await expect(page.locator('persopt-studio .status.offline')).toBeAttached();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('restarted'); // what was known stays
  await server.begin();
  await expect(page.getByText('ارتباط دوباره برقرار شد.')).toBeVisible();
  await expect(page.locator('persopt-studio .status.live')).toBeAttached();
  await expect(page.getByText(/ارتباط با کارساز قطع شد/)).toHaveCount(0);
  await expect(state(page)).toHaveText('موفق', PATIENCE);
  await page.getByRole('tab', { name: 'رویدادها' }).click();
  await expect(page.locator('persopt-job-events')).toContainText('با موفقیت پایان یافت');
});

test('without a stream of events the studio asks, and still sees what happens', async ({ page, server }) => {
  await page.route(`**${API}/events*`, (route) => route.abort());
  await page.goto('/studio/jobs');
  await expect(page.locator('persopt-studio .status.polling')).toBeAttached();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('کارها');
  const id = await startPruning(server.url, 'polled');
  await expect(page.getByRole('link', { name: 'polled' })).toBeVisible();
  await expect(page.getByText(/ارتباط با کارساز قطع شد/)).toHaveCount(0); // the server is there
  await fetch(`${server.url}${API}/jobs/${id}/cancel`, { method: 'POST' });
  await expect(page.locator('persopt-job-card').filter({ hasText: 'polled' })).toContainText('لغوشده', PATIENCE);
});

test('two tabs of the browser agree', async ({ page, context, server }) => {
  await openStudio(page, '/studio/jobs');
  const second = await context.newPage();
  await openStudio(second, '/studio/jobs');
  const id = await startPruning(server.url, 'shared');
  for (const tab of [page, second]) await expect(tab.getByRole('link', { name: 'shared' })).toBeVisible();
  await fetch(`${server.url}${API}/jobs/${id}/cancel`, { method: 'POST' });
  for (const tab of [page, second]) {
    await expect(tab.locator('persopt-job-card').filter({ hasText: 'shared' })).toContainText('لغوشده', PATIENCE);
  }
  await second.getByRole('button', { name: 'Switch to English' }).click();
  await second.getByRole('button', { name: /theme/i }).click();
  const theme = await second.locator('persopt-studio').getAttribute('theme');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Jobs');
  await expect(page.locator('html')).toHaveAttribute('dir', 'ltr');
  await expect(page.locator('html')).toHaveAttribute('data-theme', String(theme));
});

test('whoever wants no motion sees none', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.route(`**${API}/jobs?*`, () => undefined); // never answered: what waits stays to be seen
  await page.goto('/studio/jobs');
  await expect(page.locator('persopt-state[kind="loading"]')).toBeAttached();
  const moving = await page.evaluate(
    () =>
      document.getAnimations().filter(({ effect }) => {
        const { duration, iterations } = effect?.getComputedTiming() ?? {};
        return Number(duration) > 1 || iterations === Infinity;
      }).length,
  );
  expect(moving).toBe(0);
});

const guarded = test.extend<object, { server: StudioServer }>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- how Playwright wants it
    async ({}, use) => {
      const server = await StudioServer.start(['--capacity', '0'], { PERSOPT_TOKEN: TOKEN });
      await use(server);
      await server.remove();
    },
    { scope: 'worker', timeout: 300_000 },
  ],
});

guarded('a server that wants a token is given one', async ({ page, context }) => {
  await page.goto('/studio/jobs');
  const dialog = page.getByRole('dialog', { name: 'توکن دسترسی' });
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape'); // there is nothing to be seen without
  await expect(dialog).toBeVisible();
  const field = page.getByLabel('توکن', { exact: true });
  for (let tries = 0; tries < 4; tries++) {
    await field.fill(`a wrong token, number ${tries}`);
    await page.keyboard.press('Enter');
    await expect(page.getByText('این توکن پذیرفته نشد.')).toBeVisible();
    await expect(field).toBeFocused();
  }
  await field.fill(TOKEN);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(page.locator('persopt-studio .status.live')).toBeAttached();
  await expect(page.getByText('هنوز کاری نیست')).toBeVisible();
  await expect(page).toHaveURL(/\/studio\/jobs$/);

  // A reload keeps it, another tab has to be told.
  await page.reload();
  await expect(page.locator('persopt-studio .status.live')).toBeAttached();
  await expect(page.getByText('هنوز کاری نیست')).toBeVisible();
  const second = await context.newPage();
  await second.goto('/studio/jobs');
  await expect(second.getByRole('dialog', { name: 'توکن دسترسی' })).toBeVisible();
});
