import type { Page } from '@playwright/test';
import { expect, openStudio, seriousFaults, test } from './fixtures';

const PATIENCE = { timeout: 240_000 };

async function chooseModel(page: Page, name: string): Promise<void> {
  const model = page.getByRole('combobox', { name: 'مدل', exact: true });
  await model.fill(name);
  await page.getByRole('option', { name }).first().click();
}

test('quantizes a model to 8 bits from form to result', async ({ page }) => {
  test.setTimeout(300_000);
  await openStudio(page, '/studio/quantization');
  await chooseModel(page, 'models/tiny-bert-fa-2');
  await page.getByRole('radio', { name: /^پای‌تورچ/ }).check();
  await page.getByRole('textbox', { name: 'سطرهای هر فراخوانی' }).fill('۱');
  await page.getByRole('textbox', { name: 'توکن‌های هر سطر' }).fill('۸');
  await page.getByRole('checkbox', { name: /سنجش حافظه/ }).uncheck();
  await page.getByRole('button', { name: 'آغاز', exact: true }).click();
  await expect(page).toHaveURL(/\/studio\/quantization\/[0-9a-f]{20}$/);

  const result = page.locator('persopt-quantize-result');
  await expect(result.locator('.headline')).toContainText('برابر', PATIENCE);
  await expect(result.getByText('کوانتش پویا، ۸ بیت')).toBeVisible();
  await expect(result.getByRole('rowheader', { name: '۱ × ۸' })).toBeVisible();
  await expect(result.getByRole('row', { name: /بیشینهٔ حافظه/ })).toContainText('خواسته نشده بود');
  expect(await seriousFaults(page)).toEqual([]);
});

test('says what a backend cannot do, and offers the nearest that it can', async ({ page }) => {
  await openStudio(page, '/studio/quantization');
  await chooseModel(page, 'models/tiny-bert-fa-2');
  await page.getByRole('radio', { name: /^پای‌تورچ/ }).check();
  await page.getByText('تنظیم‌های بیشتر').click();
  const symmetric = page.getByRole('checkbox', { name: /متقارن \(بی نقطهٔ صفر\)/ });
  await symmetric.uncheck();
  await page.getByRole('button', { name: 'آغاز', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('این کار را نمی‌تواند');
  await page.getByRole('button', { name: /نزدیک‌ترین گزینهٔ شدنی/ }).click();
  await expect(symmetric).toBeChecked();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('asks for a data set only where one is needed, and says why', async ({ page }) => {
  await openStudio(page, '/studio/quantization');
  await expect(page.getByRole('combobox', { name: 'دادگان' })).toHaveCount(0);
  await page.getByRole('radio', { name: /کوانتش ایستا/ }).check();
  await expect(page.getByText('بازهٔ فعال‌سازی‌ها روی سطرهای آموزشی آن پیدا می‌شود')).toBeVisible();
  await page.getByRole('combobox', { name: 'دادگان' }).fill('word-kinds');
  await page.getByRole('option', { name: 'datasets/word-kinds' }).click();
  await expect(page.locator('persopt-data-sample').getByText('دسته‌بندی متن')).toBeVisible();
  await page.getByText('تنظیم‌های بیشتر').click();
  expect(await seriousFaults(page)).toEqual([]);
});
