import type { Page } from '@playwright/test';
import { expect, openStudio, seriousFaults, test } from './fixtures';

const TUNING = {
  name: 'تنظیم واژه‌ها',
  baseModelPath: 'tiny-bert-fa',
  datasetPath: 'word-kinds',
  config: { learningRate: { min: 1e-4, max: 1e-2, distribution: 'log_uniform' }, batchSize: [16, 32], epochs: 1 },
  training: { evaluations: 3 },
};

/** Starts a job as another client would, and returns its id. */
async function start(page: Page, spec: object): Promise<string> {
  const answer = await page.request.post('/api/optimization/jobs', { data: spec });
  expect(answer.status()).toBe(202);
  return ((await answer.json()) as { id: string }).id;
}

async function openPart(page: Page, name: RegExp): Promise<void> {
  await page.locator('persopt-job-page').getByRole('tab', { name }).click();
}

const fits = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

test.use({ own: 'jobs' }); // of which the list is empty
test.describe.configure({ mode: 'serial' });

test('says what to do while there is nothing, and that a job is not there', async ({ page }) => {
  await openStudio(page, '/studio/jobs');
  await expect(page.getByRole('heading', { name: 'هنوز کاری نیست' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'تنظیم یک مدل' })).toBeVisible();
  await openStudio(page, '/studio/jobs/0123456789abcdef0123');
  await expect(page.getByRole('heading', { name: 'چنین کاری نیست' })).toBeVisible();
});

test('shows a tuning live, then all about it', async ({ page }) => {
  test.slow();
  await openStudio(page, '/studio/jobs');
  await expect(page.getByRole('heading', { name: 'هنوز کاری نیست' })).toBeVisible();
  const id = await start(page, { ...TUNING, maxTrials: 3 });
  const card = page.locator('persopt-job-card').filter({ hasText: TUNING.name });
  await expect(card).toBeVisible();
  await expect(card.locator('.tag')).toHaveText('در حال اجرا', { timeout: 60_000 });
  await expect(card.getByRole('button', { name: /لغو کار/ })).toBeVisible();
  await card.getByRole('link', { name: TUNING.name }).click();
  await expect(page).toHaveURL(new RegExp(`/studio/jobs/${id}$`));

  const head = page.locator('persopt-job-page .head');
  await expect(head.locator('.tag')).toHaveText('موفق', { timeout: 150_000 });
  await expect(head).toContainText('۳ از ۳');
  await expect(page.getByRole('img', { name: /روند جست‌وجو/ })).toBeVisible();
  await expect(page.getByRole('img', { name: /منحنی‌های یادگیری/ })).toBeVisible();
  await expect(page.getByRole('img', { name: /همهٔ پارامترها/ })).toBeVisible();
  await page.getByRole('img', { name: /روند جست‌وجو/ }).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(page.locator('persopt-lines .tip').first()).toContainText('آزمایش');
  expect(await seriousFaults(page)).toEqual([]);

  await openPart(page, /آزمایش‌ها/);
  await expect(page).toHaveURL(new RegExp(`/studio/jobs/${id}/trials$`));
  const rows = page.locator('persopt-trial-table tbody tr');
  await expect(rows).toHaveCount(3);
  await page.getByRole('button', { name: 'صحت' }).click();
  await expect(page.getByRole('columnheader', { name: 'صحت' })).toHaveAttribute('aria-sort', 'descending');
  await page.getByRole('searchbox', { name: 'جست‌وجو' }).fill('batchSize=9');
  await expect(page.getByText('آزمایشی با این شرط نیست.')).toBeVisible();
  await page.getByRole('searchbox', { name: 'جست‌وجو' }).fill('');
  expect(await seriousFaults(page)).toEqual([]);

  await rows.first().getByRole('link').click();
  await expect(page.getByRole('log')).toBeVisible();
  await openPart(page, /گزارش اجرا/);
  await page.getByRole('combobox', { name: 'کدام گزارش' }).selectOption('');
  await expect(page.getByRole('log')).toContainText('succeeded');
  await expect(page.getByText('گزارش کامل است')).toBeVisible();
  expect(await seriousFaults(page)).toEqual([]);

  await openPart(page, /رویدادها/);
  await expect(page.getByText('با موفقیت پایان یافت')).toBeVisible();
  expect(await seriousFaults(page)).toEqual([]);
  await openPart(page, /مشخصات/);
  const code = page.locator('persopt-job-spec pre').first();
  await expect(code).toContainText('persopt.tune(');
  await expect(code).toContainText('max_trials=3,');
  await page.getByRole('tab', { name: 'curl' }).click();
  await expect(code).toContainText('/api/optimization/jobs');
  expect(await seriousFaults(page)).toEqual([]);
  await openPart(page, /فایل‌ها/);
  await expect(page.getByRole('cell', { name: 'report.html', exact: true })).toBeVisible();
  expect(await seriousFaults(page)).toEqual([]);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: /^بارگیری تنظیم واژه‌ها/ }).click();
  await page.locator('persopt-job-actions').getByRole('button', { name: 'بارگیری', exact: true }).click();
  expect((await download).suggestedFilename()).toBe(`persopt-tune-${id}.zip`);
});

test('cancels a job that runs, after asking, on a phone', async ({ page }) => {
  test.slow();
  await page.setViewportSize({ width: 390, height: 844 });
  const config = { ...TUNING.config, epochs: 500 };
  const id = await start(page, { ...TUNING, name: 'کار بلند', config, maxTrials: 2 });
  await openStudio(page, `/studio/jobs/${id}`);
  const head = page.locator('persopt-job-page .head');
  await expect(head.locator('.tag')).toHaveText('در حال اجرا', { timeout: 60_000 });
  await head.getByRole('button', { name: /لغو کار/ }).click();
  const dialog = page.getByRole('dialog', { name: 'این کار لغو شود؟' });
  await expect(dialog).toBeVisible();
  await page.getByRole('button', { name: 'لغو شود', exact: true }).click(); // in the dialog's slot
  await expect(head.locator('.tag')).toHaveText('لغوشده', { timeout: 60_000 });
  await expect(head.getByRole('button', { name: /از سر گرفتن/ })).toBeVisible();
  expect(await fits(page)).toBe(true);
  expect(await seriousFaults(page)).toEqual([]);

  await page.goto('/studio/jobs?state=cancelled');
  await expect(page.locator('persopt-job-card')).toHaveCount(1);
  await page.getByRole('combobox', { name: 'وضعیت' }).selectOption('failed');
  await expect(page).toHaveURL(/state=failed/);
  await expect(page.getByRole('heading', { name: 'کاری با این شرط‌ها نیست' })).toBeVisible();
  await page.getByRole('link', { name: 'نمایش همهٔ کارها' }).click();
  await expect(page.locator('persopt-job-card').filter({ hasText: 'کار بلند' })).toBeVisible();
  expect(await fits(page)).toBe(true);
});

test('a comparison that was cancelled says that it has no result, and what it did last in Persian', async ({
  page,
}) => {
  const models = ['tiny-bert-fa', 'tiny-bert-fa-2'];
  const spec = { modelPaths: models, seconds: 60 };
  const answer = await page.request.post('/api/optimization/compare', { data: spec });
  const { id } = (await answer.json()) as { id: string };
  await openStudio(page, `/studio/jobs/${id}`);
  const head = page.locator('persopt-job-page .head');
  await expect(head.locator('.message')).toContainText(/زمان‌گیری|باز کردن/, { timeout: 60_000 });
  await expect(page.getByText('نتیجه پس از پایان کار می‌آید.')).toBeVisible();
  await page.request.post(`/api/optimization/jobs/${id}/cancel`);
  await expect(head.locator('.tag')).toHaveText('لغوشده', { timeout: 60_000 });
  await expect(page.getByText('نتیجه‌ای در کار نیست: این کار به پایان نرسید.')).toBeVisible();
});
